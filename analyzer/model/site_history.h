// How the figures of sites went over the scheduled snapshots that a session holds.
//
// The time before each snapshot, back to the one before or to the start, is an interval, and has
// the snapshot's index. Blocks are told apart by the interval in which they were born. Recorded
// birth generations are finer where snapshots were thinned out; intervals_of maps them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "analyzer/model/profile.h"
#include "analyzer/model/reachability.h"

namespace heapdrift::model {

struct HistoryPoint {
    uint32_t snapshot = 0;    // its number
    uint32_t generation = 0;  // that it opened
    double seconds = 0;       // since recording began
    double operations = 0;    // allocations and deallocations of the whole process until then
    bool idle = false;
    // Live then, of all sites.
    double heap_bytes = 0;
    double heap_blocks = 0;
    double mapped_bytes = 0;
    double pool_bytes = 0;                      // of CUDA's pools, handed out
    double tensor_bytes = 0;                    // of PyTorch on CUDA devices
    std::optional<uint64_t> cgroup_bytes = {};  // charged to the container then
    std::optional<uint64_t> rss_anon_bytes = {};
};

// Of one site: blocks born in one interval (or generation) and deallocated in a later one.
struct AgedDeallocations {
    uint32_t born = 0;
    uint32_t freed = 0;
    double deallocations = 0;
    double bytes = 0;
};

// What the last scan found of a site's blocks.
struct ReachSign {
    Reachability found;
    // Lost in two scans, or the program had come to its end, and all of its memory was seen.
    bool confirmed = false;
};

// What is known of a site beyond its counters.
struct SiteSigns {
    std::optional<ReachSign> reachability;
    // Share of the mature survivors' bytes on pages that were not written for long.
    std::optional<double> stale_share;
    // PyTorch's allocator took it from the driver, to hand it out as tensors.
    bool holds_tensors = false;
};

// Cumulative, at each point. Of a sampled session blocks are samples, as many as were recorded:
// significance is in what was seen, not in what it stands for. Bytes are estimates then.
struct SiteHistory {
    uint32_t site = 0;  // Site::id
    Domain domain = Domain::heap;
    std::vector<double> allocations;
    std::vector<double> deallocations;
    std::vector<double> allocated_bytes;
    std::vector<double> deallocated_bytes;
    std::vector<AgedDeallocations> aged;  // by interval, born < freed
    // Some deallocations could not be told apart by age: then survivors are a lower bound.
    bool ages_incomplete = false;
    SiteSigns signs;

    double live(size_t point) const { return allocations[point] - deallocations[point]; }
    double live_bytes(size_t point) const {
        return allocated_bytes[point] - deallocated_bytes[point];
    }
};

struct History {
    std::vector<HistoryPoint> points;
    std::vector<SiteHistory> sites;
    std::optional<uint64_t> cgroup_limit_bytes;  // of the container, at the last point

    std::vector<double> seconds() const;
};

// What the program said not to report (heapdrift_ignore_begin).
struct IgnoredSites {
    uint64_t sites = 0;
    uint64_t live_allocations = 0;
    uint64_t live_bytes = 0;
};
// Removes the histories of such sites. Their figures stay in the profile.
IgnoredSites drop_ignored_sites(const Profile& profile, History& history);

// Removes the histories of sites that the profile does not have, such as those that a filter
// removed.
void keep_sites_of(const Profile& profile, History& history);

// The index of the interval that a recorded generation lies in; points.size() behind the last.
size_t interval_of(std::span<const HistoryPoint> points, uint32_t generation);

// Entries by generation, as entries by interval: those of one interval alone are left out, and
// those behind the last point too.
std::vector<AgedDeallocations> intervals_of(std::span<const HistoryPoint> points,
                                            std::span<const AgedDeallocations> by_generation);

}  // namespace heapdrift::model
