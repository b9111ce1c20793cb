// Whether blocks of a site pile up, though each is freed at last: a queue that is filled faster
// than it is emptied. Their number rises at one pace with what is allocated, so it is not the load,
// which it would follow; and it has become a multiple, so it is not the last of a warm-up.
//
// Survivors (model/growth.h) do not show this: the oldest blocks go. At most 0.65, for the number
// of blocks alone, which is all that is looked at here, wanders in good programs too.
#pragma once

#include <cstddef>

#include "analyzer/model/site_history.h"
#include "analyzer/model/timing.h"

namespace heapdrift::model {

inline constexpr double kBacklogCap = 0.65;

struct Backlog {
    size_t first = 0;  // interval from which on it counts
    double first_blocks = 0;
    double last_blocks = 0;
    double freed_share = 0;  // deallocations for each allocation
    double trend_z = 0;      // the rise in standard deviations
    double trend_term = 0;
    double pace_term = 0;  // whether it rises as much in the second half as in the first
    double score = 0;
};

Backlog judge_backlog(const SiteHistory& history, const Timing& timing);

}  // namespace heapdrift::model
