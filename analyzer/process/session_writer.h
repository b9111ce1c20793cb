// Writes a profile as a session file, for what no recorder has written: the sum of several.
#pragma once

#include <string>

#include "analyzer/model/profile.h"

namespace heapdrift::process {

// Sites with their figures, modules, losses and names; one point, no snapshots or threads. `path`
// appears only when it is complete, and replaces what is there. Throws Failure.
void write_session(const std::string& path, const model::Profile& profile);

}  // namespace heapdrift::process
