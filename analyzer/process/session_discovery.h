// Finding sessions: those that running processes write, and those that lie in directories.
#pragma once

#include <string>
#include <vector>

#include "analyzer/process/session_summary.h"

namespace heapdrift::process {

struct Discovered {
    std::vector<SessionSummary> sessions;  // by start
    std::vector<std::string> problems;     // files that have the name but cannot be read
};

// Each session once, however it was found. Of `places`, directories are searched (with the hidden
// ones that an interrupted `heapdrift run` left in them), files are taken as they are. A process
// whose maps may not be read is not seen.
Discovered discover_sessions(const std::vector<std::string>& places);

// Recording directories that no `heapdrift run` waits for any more, below the shared memory and
// in `places`.
std::vector<std::string> abandoned_directories(const std::vector<std::string>& places);

}  // namespace heapdrift::process
