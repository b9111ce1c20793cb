// From a recording to what a gate judges of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analyzer/commands/names.h"
#include "analyzer/model/gate/findings.h"
#include "analyzer/model/suppression.h"

namespace heapdrift::commands {

struct FindOptions {
    NameOptions names;
    std::vector<std::string> programs;  // shell patterns; empty for all
    std::vector<model::Budget> budgets;
    bool growth = true;
    bool by_operations = false;  // snapshots were taken by the number of operations, not by time
};

// Nothing for a program that is not to be judged. Hits are counted in the rules. Throws Failure for
// what is no recording of heapdrift's.
std::optional<model::FoundProcess> find_in_recording(const std::string& path, size_t run,
                                                     const FindOptions& options,
                                                     std::vector<model::SuppressionRule>& rules);

}  // namespace heapdrift::commands
