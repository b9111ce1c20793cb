// A site that filled up and has held its most ever since, while its blocks are replaced: a cache,
// or a pool, at its bound.
#include <algorithm>

#include "analyzer/model/suggestions/rules.h"

namespace heapdrift::model {

namespace {

constexpr const char* kRule = "bounded-cache";
constexpr double kLeastShareOfHeap = 0.2;
constexpr double kLevel = 0.9;

}  // namespace

void judge_bounded_cache(const Subject& subject, Findings& findings) {
    const size_t points = subject.history.points.size();
    if (points < kEnoughSnapshots) return findings.not_judged(kRule, "too few snapshots");
    const size_t middle = points / 2;
    for (const SiteHistory& site : subject.history.sites) {
        const double bytes = site.live_bytes(points - 1);
        if (site.domain != Domain::heap || findings.named(site.site) || bytes < kLargeSite ||
            bytes < kLeastShareOfHeap * subject.live_bytes())
            continue;
        double least = bytes;
        double most = bytes;
        for (size_t i = middle; i < points; ++i) {
            least = std::min(least, site.live_bytes(i));
            most = std::max(most, site.live_bytes(i));
        }
        const double replaced = site.deallocations[points - 1] - site.deallocations[middle];
        if (least < kLevel * most || replaced < site.live(middle)) continue;
        const HistoryPoint& since = subject.history.points[middle];
        findings.add(
            {.rule = kRule,
             .severity = Severity::low,
             .site = site.site,
             .finding = "It filled up, and has been full since: a cache or pool at its bound",
             .evidence = {{"live_bytes", bytes, Unit::bytes},
                          {"live_blocks", site.live(points - 1), Unit::count},
                          {"level_since", since.seconds, Unit::seconds},
                          {"replaced_since", replaced, Unit::count},
                          {"share_of_heap", bytes / subject.live_bytes(), Unit::share}},
             .gain = Quantity{"memory", bytes / 2, Unit::bytes},
             .action = "Halve its bound and compare hits, or shrink it when the program is "
                       "idle or memory is short"});
    }
}

}  // namespace heapdrift::model
