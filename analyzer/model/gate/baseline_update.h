// Changes to a baseline that a person asked for, from what runs have shown.
#pragma once

#include <string>
#include <vector>

#include "analyzer/model/gate/baseline.h"
#include "analyzer/model/gate/gate.h"

namespace heapdrift::model {

struct BaselineChange {
    Baseline baseline;
    std::vector<BaselineLeak> added = {};
    std::vector<BaselineLeak> raised = {};  // as they are now
    std::vector<BaselineLeak> removed = {};
    size_t figures_changed = 0;
};

// Accepts what the gate would complain about. An entry that is within the tolerance stays as it
// was, so that the file changes only where something did. Figures are taken for every program with
// `figures`, else for those that the baseline has some of.
BaselineChange accept(const Baseline& baseline, const GateVerdict& verdict,
                      const std::vector<FoundProcess>& processes, const GateOptions& options,
                      bool figures);

// Drops the leaks that were found no more.
BaselineChange prune(const Baseline& baseline, const GateVerdict& verdict);

}  // namespace heapdrift::model
