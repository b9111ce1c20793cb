// One site makes up much of the most that the process ever needed.
#include "analyzer/model/suggestions/rules.h"

namespace heapdrift::model {

namespace {

constexpr const char* kRule = "footprint";
constexpr double kLeastShare = 0.4;

}  // namespace

void judge_footprint(const Subject& subject, Findings& findings) {
    if (!subject.profile.peak)
        return findings.not_judged(kRule, "no snapshot of the peak was taken");
    const auto peak = static_cast<double>(subject.profile.peak_live_bytes);
    for (const Site& site : subject.profile.sites) {
        const auto bytes = static_cast<double>(site.figures.peak_live_bytes);
        if (site.domain != Domain::heap || findings.named(site.id) || bytes < kLargeSite ||
            bytes < kLeastShare * peak)
            continue;
        findings.add(
            {.rule = kRule,
             .severity = Severity::low,
             .site = site.id,
             .finding = "One call stack holds much of the most that the program ever needed",
             .evidence = {{"at_peak", bytes, Unit::bytes},
                          {"peak", peak, Unit::bytes},
                          {"share_of_peak", bytes / peak, Unit::share},
                          {"mean_block",
                           static_cast<double>(site.figures.allocated_bytes) /
                               static_cast<double>(site.figures.allocations),
                           Unit::bytes}},
             .gain = {},
             .action = "Memory saved here counts most: smaller elements, fewer at a time, or a "
                       "capacity nearer to what is used (shrink_to_fit)"});
    }
}

}  // namespace heapdrift::model
