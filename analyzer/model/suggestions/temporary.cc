// Blocks that are freed before their thread allocates again, so often that it takes time.
#include "analyzer/model/suggestions/rules.h"

namespace heapdrift::model {

namespace {

constexpr const char* kRule = "temporary";
constexpr double kLeastShare = 0.9;

}  // namespace

void judge_temporary(const Subject& subject, Findings& findings) {
    if (subject.sampled())
        return findings.not_judged(kRule, "temporary allocations are not known in sampled mode");
    for (const AllocatingPlace& place : subject.places) {
        const auto temporary = static_cast<double>(place.figures.temporary);
        const auto allocations = static_cast<double>(place.figures.allocations);
        const double seconds = temporary * kSecondsForPair;
        if (temporary < kLeastShare * allocations || seconds < kLeastTimeShare * subject.seconds())
            continue;
        const double share = seconds / subject.seconds();
        findings.add(
            {.rule = kRule,
             .severity = share >= kMuchTimeShare ? Severity::medium : Severity::low,
             .site = place.site,
             .finding = "Nearly every block is freed before its thread allocates again",
             .evidence = {{"temporary", temporary, Unit::count},
                          {"allocations", allocations, Unit::count},
                          {"mean_block",
                           static_cast<double>(place.figures.allocated_bytes) / allocations,
                           Unit::bytes},
                          {"stacks", static_cast<double>(place.sites), Unit::count},
                          {"time_at_20_ns_each", seconds, Unit::seconds},
                          {"share_of_time", share, Unit::share}},
             .gain = Quantity{"time", seconds, Unit::seconds},
             .action = "Keep one block and use it again (a member, a static thread-local buffer, "
                       "clear() instead of a new object), or put small ones on the stack"});
    }
}

}  // namespace heapdrift::model
