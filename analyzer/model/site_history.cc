#include "analyzer/model/site_history.h"

#include <algorithm>
#include <unordered_set>

namespace heapdrift::model {

std::vector<double> History::seconds() const {
    std::vector<double> seconds;
    for (const HistoryPoint& point : points) seconds.push_back(point.seconds);
    return seconds;
}

size_t interval_of(std::span<const HistoryPoint> points, uint32_t generation) {
    const auto end = std::ranges::upper_bound(points, generation, {}, &HistoryPoint::generation);
    return static_cast<size_t>(end - points.begin());
}

std::vector<AgedDeallocations> intervals_of(std::span<const HistoryPoint> points,
                                            std::span<const AgedDeallocations> by_generation) {
    std::vector<AgedDeallocations> found;
    for (AgedDeallocations entry : by_generation) {
        entry.born = static_cast<uint32_t>(interval_of(points, entry.born));
        entry.freed = static_cast<uint32_t>(interval_of(points, entry.freed));
        if (entry.born < entry.freed && entry.freed < points.size()) found.push_back(entry);
    }
    return found;
}

IgnoredSites drop_ignored_sites(const Profile& profile, History& history) {
    IgnoredSites ignored;
    std::unordered_set<uint32_t> dropped;
    for (const Site& site : profile.sites) {
        if (!site.ignored) continue;
        dropped.insert(site.id);
        if (site.figures.live_allocations == 0 || !domain_in_total(site.domain)) continue;
        ++ignored.sites;
        ignored.live_allocations += site.figures.live_allocations;
        ignored.live_bytes += site.figures.live_bytes;
    }
    std::erase_if(history.sites,
                  [&](const SiteHistory& site) { return dropped.contains(site.site); });
    return ignored;
}

void keep_sites_of(const Profile& profile, History& history) {
    std::unordered_set<uint32_t> kept;
    for (const Site& site : profile.sites) kept.insert(site.id);
    std::erase_if(history.sites,
                  [&](const SiteHistory& site) { return !kept.contains(site.site); });
}

}  // namespace heapdrift::model
