// Few blocks live at once, but one after another there are so many that it takes time.
#include "analyzer/model/suggestions/rules.h"

namespace heapdrift::model {

namespace {

constexpr const char* kRule = "short-lived";
constexpr double kMostTemporary = 0.5;
constexpr double kLeastFreed = 0.99;
// How often a place in a pool would be used again.
constexpr double kLeastReuse = 1000;

// A sum of many that are not all equal hardly ever divides evenly.
bool equal_sizes(const Figures& figures) {
    return figures.allocated_bytes % figures.allocations == 0;
}

}  // namespace

void judge_short_lived(const Subject& subject, Findings& findings) {
    if (subject.sampled())
        return findings.not_judged(kRule, "temporary allocations are not known in sampled mode");
    if (subject.history.points.size() < kLeastSnapshots)
        return findings.not_judged(kRule, "too few snapshots to see how many live at once");
    for (const AllocatingPlace& place : subject.places) {
        const Figures& figures = place.figures;
        const auto allocations = static_cast<double>(figures.allocations);
        const double seconds = allocations * kSecondsForPair;
        if (figures.allocations == 0 || seconds < kLeastTimeShare * subject.seconds() ||
            findings.named(place.site) ||
            static_cast<double>(figures.temporary) > kMostTemporary * allocations ||
            static_cast<double>(figures.reallocations) > kMostTemporary * allocations ||
            static_cast<double>(figures.deallocations) < kLeastFreed * allocations ||
            place.most_live_blocks * kLeastReuse > allocations)
            continue;
        const double share = seconds / subject.seconds();
        const bool equal = equal_sizes(figures);
        findings.add(
            {.rule = kRule,
             .severity = share >= kMuchTimeShare ? Severity::medium : Severity::low,
             .site = place.site,
             .finding = equal
                            ? "Few blocks live at once, all of one size, but many follow each other"
                            : "Few blocks live at once, but many follow each other",
             .evidence = {{"allocations", allocations, Unit::count},
                          {"most_live_at_a_snapshot", place.most_live_blocks, Unit::count},
                          {"mean_block", static_cast<double>(figures.allocated_bytes) / allocations,
                           Unit::bytes},
                          {"stacks", static_cast<double>(place.sites), Unit::count},
                          {"time_at_20_ns_each", seconds, Unit::seconds},
                          {"share_of_time", share, Unit::share}},
             .gain = Quantity{"time", seconds, Unit::seconds},
             .action = equal
                           ? "Keep freed blocks in a list of the program's own and take them from "
                             "there, or allocate them in one array"
                           : "Allocate what one piece of work needs in an arena "
                             "(std::pmr::monotonic_buffer_resource) and drop it as a whole"});
    }
}

}  // namespace heapdrift::model
