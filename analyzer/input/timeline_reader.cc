#include "analyzer/input/timeline_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "analyzer/input/counters_at.h"
#include "analyzer/model/failure.h"
#include "core/session_view.h"

namespace heapdrift::input {

namespace {

// Counters of all sites at so many snapshots are in memory at once: with 100,000 sites 20 MB.
constexpr size_t kPointsAtOnce = 4;
constexpr uint32_t kRemoved = ~uint32_t{0};

// By SiteId, the index of the site in the profile.
std::vector<uint32_t> indices(const std::vector<uint32_t>& merged_sites,
                              const model::Profile& profile) {
    std::unordered_map<uint32_t, uint32_t> index_of_id;
    for (uint32_t i = 0; i < profile.sites.size(); ++i) index_of_id.emplace(profile.sites[i].id, i);
    std::vector<uint32_t> result(merged_sites.size(), kRemoved);
    for (size_t id = 0; id < merged_sites.size(); ++id)
        if (const auto found = index_of_id.find(merged_sites[id]); found != index_of_id.end())
            result[id] = found->second;
    return result;
}

std::vector<model::LiveAtSite> live_sites(const std::vector<Counters>& counters,
                                          const std::vector<uint32_t>& index_of, Mode mode,
                                          size_t site_count) {
    struct Sum {
        uint64_t bytes = 0;
        uint64_t count = 0;
    };
    std::vector<Sum> sums(site_count);
    for (size_t id = 0; id < std::min(counters.size(), index_of.size()); ++id) {
        if (index_of[id] == kRemoved) continue;
        // Counters read from a running program may be one operation apart.
        const Counters& at = counters[id];
        if (at.allocations <= at.deallocations) continue;
        sums[index_of[id]].count += at.allocations - at.deallocations;
        sums[index_of[id]].bytes +=
            at.allocated_bytes - std::min(at.allocated_bytes, at.deallocated_bytes);
    }
    std::vector<model::LiveAtSite> live;
    for (uint32_t site = 0; site < sums.size(); ++site)
        if (sums[site].count != 0)
            live.push_back({site, sums[site].bytes, whole_count(sums[site].count, mode)});
    return live;
}

bool held(const Header& header, uint32_t number) {
    return std::ranges::any_of(header.snapshots, [&](const SnapshotDescriptor& descriptor) {
        return descriptor.state.load(std::memory_order_acquire) == SnapshotState::held &&
               descriptor.number == number;
    });
}

model::Timeline read_held_snapshots(const OpenedSession& file,
                                    const std::vector<uint32_t>& merged_sites,
                                    const model::Profile& profile) {
    const SessionView view(file.file.bytes());
    if (view.error() != ViewError::none)
        throw Failure(fmt::format("{}: {}", file.path, view_error_text(view.error())));
    const std::vector<uint32_t> index_of = indices(merged_sites, profile);
    const Mode mode = view.header().identity.mode;

    std::vector<model::SnapshotInfo> snapshots = profile.snapshots;
    std::erase_if(snapshots, [&](const model::SnapshotInfo& snapshot) {
        return profile.at && snapshot.number >= profile.at->number;
    });
    model::Timeline timeline;
    for (size_t first = 0; first < snapshots.size(); first += kPointsAtOnce) {
        const size_t count = std::min(kPointsAtOnce, snapshots.size() - first);
        std::vector<uint32_t> points;
        for (size_t i = 0; i < count; ++i) points.push_back(snapshots[first + i].number);
        const std::vector<std::vector<Counters>> counters = counters_at(view, points);
        for (size_t i = 0; i < count; ++i) {
            const model::SnapshotInfo& snapshot = snapshots[first + i];
            // Thinned out meanwhile by the recorder: what was read are not its values.
            if (!held(view.header(), snapshot.number)) continue;
            timeline.push_back(
                {snapshot.seconds, live_sites(counters[i], index_of, mode, profile.sites.size())});
        }
    }
    return timeline;
}

model::TimelinePoint own_point(const model::Profile& profile) {
    model::TimelinePoint own;
    own.seconds = profile.at_seconds();
    for (uint32_t i = 0; i < profile.sites.size(); ++i) {
        const model::Figures& figures = profile.sites[i].figures;
        if (figures.live_allocations != 0)
            own.live.push_back({i, figures.live_bytes, figures.live_allocations});
    }
    return own;
}

}  // namespace

model::Timeline read_timeline(const OpenedSession& file, const std::vector<uint32_t>& merged_sites,
                              const model::Profile& profile) {
    model::Timeline timeline;
    // Another tool's recording has no snapshots.
    if (profile.session.foreign_recorder.empty())
        timeline = read_held_snapshots(file, merged_sites, profile);
    timeline.push_back(own_point(profile));
    return timeline;
}

}  // namespace heapdrift::input
