// The figures of sites at every scheduled snapshot that a session holds.
#pragma once

#include <cstdint>
#include <vector>

#include "analyzer/input/session_loader.h"
#include "analyzer/model/site_history.h"

namespace heapdrift::input {

// Which sites a history has: those of the profile, in one of the domains, with as many live blocks
// or bytes at its point, or with as many allocations; with fewer live blocks that replaced others
// and hold so much, for they may be enlarged again and again; and with blocks that the last scan
// did not find reachable. A history of all sites of a large session would not fit in memory.
struct HistoryChoice {
    bool (*domains)(Domain) = domain_in_total;
    uint64_t least_live = 0;
    uint64_t least_replaced_bytes = ~uint64_t{0};
    uint64_t least_live_bytes = ~uint64_t{0};
    uint64_t least_allocations = ~uint64_t{0};
};

struct LoadedHistory {
    LoadedSession session;  // at the last point of the history; at the end where there is none
    model::History history;
};

// Up to the last scheduled snapshot before exit began, or before the program began to free what it
// holds (model/teardown.h): what it frees on its way out says nothing of how it used its memory.
// Throws Failure as load_session does.
LoadedHistory load_history(const SessionAddress& address, const HistoryChoice& choice);

}  // namespace heapdrift::input
