// Which recorded process started which.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "analyzer/process/session_summary.h"

namespace heapdrift::process {

struct TreeLine {
    size_t session = 0;  // index into what was given
    std::string branch;  // drawn before its name: "│  ├─ "
};

// Parents before their children, those in the order of their start. What a process executed stands
// behind what it was before, at the same level. A process whose parent was not recorded stands at
// the outermost level.
std::vector<TreeLine> process_tree(const std::vector<SessionSummary>& sessions);

}  // namespace heapdrift::process
