// What was live over time: at each held snapshot, and at the profile's own point.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace heapdrift::model {

struct LiveAtSite {
    uint32_t site = 0;  // index into Profile::sites
    uint64_t bytes = 0;
    uint64_t allocations = 0;
};

struct TimelinePoint {
    double seconds = 0;
    std::vector<LiveAtSite> live;

    uint64_t bytes() const {
        uint64_t sum = 0;
        for (const LiveAtSite& each : live) sum += each.bytes;
        return sum;
    }
};

// In the order of time; the last point is the profile's. Never empty once it was read.
using Timeline = std::vector<TimelinePoint>;

// Index of the point with the most live bytes.
inline size_t greatest(const Timeline& timeline) {
    const auto found = std::ranges::max_element(timeline, {}, &TimelinePoint::bytes);
    return static_cast<size_t>(found - timeline.begin());
}

}  // namespace heapdrift::model
