// The live blocks of a profile's sites at each held snapshot: what formats that show memory over
// time are made of.
#pragma once

#include <cstdint>
#include <vector>

#include "analyzer/input/session_loader.h"
#include "analyzer/model/timeline.h"

namespace heapdrift::input {

// `profile` is loaded.profile, perhaps with some sites removed since; `file` the one it was loaded
// from. Snapshots later than the profile's point are left out. Throws Failure when the file changed
// so that it cannot be read any more.
model::Timeline read_timeline(const OpenedSession& file, const std::vector<uint32_t>& merged_sites,
                              const model::Profile& profile);

}  // namespace heapdrift::input
