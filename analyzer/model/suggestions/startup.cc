// Memory that was allocated at the start, once, and is live ever since.
#include <algorithm>

#include "analyzer/model/suggestions/rules.h"

namespace heapdrift::model {

namespace {

constexpr const char* kRule = "startup";
constexpr double kStart = 0.1;  // of the run
constexpr double kLeastShareOfHeap = 0.2;

}  // namespace

void judge_startup(const Subject& subject, Findings& findings) {
    const std::vector<HistoryPoint>& points = subject.history.points;
    if (points.size() < kEnoughSnapshots) return findings.not_judged(kRule, "too few snapshots");
    const auto end_of_start = std::ranges::find_if(points, [&](const HistoryPoint& point) {
        return point.seconds >= kStart * points.back().seconds;
    });
    const auto begin = static_cast<size_t>(end_of_start - points.begin());
    const size_t last = points.size() - 1;
    for (const SiteHistory& site : subject.history.sites) {
        const double bytes = site.live_bytes(last);
        if (site.domain != Domain::heap || findings.named(site.site) || bytes < kLargeSite ||
            bytes < kLeastShareOfHeap * subject.live_bytes() ||
            site.allocations[begin] != site.allocations[last] ||
            site.deallocations[begin] != site.deallocations[last])
            continue;
        findings.add({.rule = kRule,
                      .severity = Severity::low,
                      .site = site.site,
                      .finding = "Allocated once, at the start, and live ever since",
                      .evidence = {{"live_bytes", bytes, Unit::bytes},
                                   {"live_blocks", site.live(last), Unit::count},
                                   {"unchanged_since", points[begin].seconds, Unit::seconds},
                                   {"share_of_heap", bytes / subject.live_bytes(), Unit::share}},
                      .gain = Quantity{"memory", bytes, Unit::bytes},
                      .action =
                          "Free it after the start if only that needs it; else load it when it "
                          "is first used, or map it from a file, which the system can drop"});
    }
}

}  // namespace heapdrift::model
