// Modules, call stacks and threads of a session, as the model has them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analyzer/model/profile.h"
#include "core/session_view.h"

namespace heapdrift::input {

std::vector<model::Module> read_modules(const SessionView& view);
std::vector<model::Thread> read_threads(const SessionView& view);

// Adds the sites that have counted anything, or of whose blocks a scan tells, to the profile, whose
// modules must be read already. `peak` and `reach` may be empty. Stacks that cannot be followed to
// a root keep the frames that were found; they are counted in the profile's losses, and their
// figures are part of the totals all the same. Returns, by SiteId, the id of the profile's site
// that each is part of; 0 for what counted nothing.
std::vector<uint32_t> read_sites(const SessionView& view, std::span<const Counters> counters,
                                 std::span<const Counters> peak,
                                 std::span<const model::Reachability> reach,
                                 model::Profile& profile);

}  // namespace heapdrift::input
