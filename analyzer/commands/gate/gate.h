// What `check` and `baseline` have in common: from settings and sources to a verdict.
#pragma once

#include <string>

#include "analyzer/commands/gate/gate_arguments.h"
#include "analyzer/model/gate/baseline.h"
#include "analyzer/report/gate/check_document.h"

namespace heapdrift::commands {

struct Gate {
    report::CheckDocument document;
    model::Baseline baseline;
};

// Runs the program, where there is one, and judges what was recorded. document.exit_code is that of
// `check`: the program's own when it failed, 23, 24 or 0.
Gate judge_sources(const GateArguments& arguments, const model::Settings& settings);

std::string baseline_path(const model::Settings& settings);

}  // namespace heapdrift::commands
