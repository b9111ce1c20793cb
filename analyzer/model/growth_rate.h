// Since when a site grows, and how fast.
#pragma once

#include "analyzer/model/growth.h"
#include "analyzer/model/site_history.h"
#include "analyzer/model/statistics.h"
#include "analyzer/model/survivors.h"
#include "analyzer/model/timing.h"

namespace heapdrift::model {

// Of the mature bytes, so that the ebb and flow of young blocks is not in it; of all bytes where
// blocks become larger or pile up. Where growth began late it is the rate since then.
struct GrowthRate {
    Slope bytes_per_second;
    Slope bytes_per_snapshot;
};

GrowthRate rate_of_survivors(const History& history, const Timing& timing, const SiteHistory& site,
                             const Growth& growth);
// Of all live bytes from the point `first` on.
GrowthRate rate_from(const History& history, const SiteHistory& site, size_t first);

// When the first of what is live was born, but for one in twenty: that is what a program set up
// before. In seconds since recording began.
double growth_began(const History& history, const Survivors& survivors);

}  // namespace heapdrift::model
