// For a short time the process needs many times what it needs otherwise.
#include <algorithm>

#include "analyzer/model/statistics.h"
#include "analyzer/model/suggestions/rules.h"

namespace heapdrift::model {

namespace {

constexpr const char* kRule = "peak";
constexpr double kTimesOrdinary = 4;
constexpr double kLeastExcess = 32 * kMebibyte;
// Of the excess: only a site with so much of it is named.
constexpr double kLeastPart = 0.3;

double beyond_now(const Site& site) {
    return static_cast<double>(site.figures.peak_live_bytes) -
           static_cast<double>(site.figures.live_bytes);
}

}  // namespace

void judge_peak(const Subject& subject, Findings& findings) {
    const Profile& profile = subject.profile;
    if (subject.history.points.size() < kEnoughSnapshots)
        return findings.not_judged(kRule, "too few snapshots");
    if (!profile.peak) return findings.not_judged(kRule, "no snapshot of the peak was taken");
    std::vector<double> live;
    for (const HistoryPoint& point : subject.history.points) live.push_back(point.heap_bytes);
    const double ordinary = median(std::move(live));
    const auto peak = static_cast<double>(profile.peak_live_bytes);
    if (peak < kTimesOrdinary * ordinary || peak - ordinary < kLeastExcess) return;
    const Site* greatest = nullptr;
    for (const Site& site : profile.sites)
        if (site.domain == Domain::heap &&
            (greatest == nullptr || beyond_now(site) > beyond_now(*greatest)))
            greatest = &site;
    if (greatest == nullptr || beyond_now(*greatest) < kLeastPart * (peak - ordinary)) return;
    findings.add(
        {.rule = kRule,
         .severity = Severity::medium,
         .site = greatest->id,
         .finding = "For a short time the program needs many times its ordinary memory, and "
                    "most of that here",
         .evidence = {{"peak", peak, Unit::bytes},
                      {"ordinary", ordinary, Unit::bytes},
                      {"at_peak_here", static_cast<double>(greatest->figures.peak_live_bytes),
                       Unit::bytes},
                      {"peak_at", profile.peak->seconds, Unit::seconds}},
         .gain = Quantity{"peak", peak - ordinary, Unit::bytes},
         .action = "Do the work in parts, or free what the first steps needed before the "
                   "last begin; heapdrift report FILE@peak shows what was live then"});
}

}  // namespace heapdrift::model
