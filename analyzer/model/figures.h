// The figures of a site, of a row of a report, or of a whole session, at one point in time.
#pragma once

#include <algorithm>
#include <cstdint>

#include "analyzer/model/reachability.h"

namespace heapdrift::model {

struct Figures {
    uint64_t allocations = 0;
    uint64_t allocated_bytes = 0;  // as requested
    uint64_t deallocations = 0;
    uint64_t deallocated_bytes = 0;
    uint64_t live_allocations = 0;
    uint64_t live_bytes = 0;
    uint64_t temporary = 0;      // allocations freed before their thread's next allocation
    uint64_t reallocations = 0;  // allocations that realloc made from an earlier block
    // Of a site or row: live bytes in the snapshot nearest to the high-water mark.
    uint64_t peak_live_bytes = 0;
    // Of what was live when the last scan was made; zeros without one.
    Reachability reach{};

    // Of a sampled session: temporary and reallocations are not known.
    bool sampled = false;
    // Of what was sampled there, not of mappings: the interval in bytes. Figures are estimates
    // then, and the variances, in bytes^2, say how far they may lie from the truth:
    // model/estimate.h.
    uint64_t sampling_interval = 0;
    double allocated_variance = 0;
    double live_variance = 0;
    double peak_live_variance = 0;

    bool estimated() const { return sampling_interval != 0; }

    Figures& operator+=(const Figures& other) {
        allocations += other.allocations;
        allocated_bytes += other.allocated_bytes;
        deallocations += other.deallocations;
        deallocated_bytes += other.deallocated_bytes;
        live_allocations += other.live_allocations;
        live_bytes += other.live_bytes;
        temporary += other.temporary;
        reallocations += other.reallocations;
        peak_live_bytes += other.peak_live_bytes;
        reach += other.reach;
        sampled = sampled || other.sampled;
        sampling_interval = std::max(sampling_interval, other.sampling_interval);
        allocated_variance += other.allocated_variance;
        live_variance += other.live_variance;
        peak_live_variance += other.peak_live_variance;
        return *this;
    }
    bool operator==(const Figures&) const = default;
};

}  // namespace heapdrift::model
