// Blocks that grow in many small steps.
#include "analyzer/model/suggestions/rules.h"

namespace heapdrift::model {

namespace {

constexpr const char* kRule = "realloc-growth";
// Doubling makes a block of 16 bytes one of a megabyte in 16 steps.
constexpr double kManySteps = 16;
// What the memory's bus moves; larger blocks are not copied, but their pages are mapped anew.
constexpr double kBytesPerSecond = 10e9;
constexpr double kLargestCopied = 128 * 1024;

}  // namespace

void judge_realloc_growth(const Subject& subject, Findings& findings) {
    if (subject.sampled())
        return findings.not_judged(kRule, "reallocations are not known in sampled mode");
    for (const AllocatingPlace& place : subject.places) {
        const auto steps = static_cast<double>(place.figures.reallocations);
        const auto allocations = static_cast<double>(place.figures.allocations);
        if (steps == 0) continue;
        // Blocks that begin elsewhere are not known to be few: at least as many as are not grown
        // on.
        const double begun = allocations - steps;
        if (begun <= 0 || steps < kManySteps * begun) continue;
        const double mean = static_cast<double>(place.figures.allocated_bytes) / allocations;
        const double copied =
            mean <= kLargestCopied ? static_cast<double>(place.figures.allocated_bytes) : 0;
        const double seconds = steps * kSecondsForPair + copied / kBytesPerSecond;
        if (seconds < kLeastTimeShare * subject.seconds()) continue;
        const double share = seconds / subject.seconds();
        findings.add({.rule = kRule,
                      .severity = share >= kMuchTimeShare ? Severity::medium : Severity::low,
                      .site = place.site,
                      .finding = "Blocks grow by realloc in many small steps",
                      .evidence = {{"reallocations", steps, Unit::count},
                                   {"blocks_begun", begun, Unit::count},
                                   {"steps_for_each", steps / begun, Unit::count},
                                   {"mean_block", mean, Unit::bytes},
                                   {"stacks", static_cast<double>(place.sites), Unit::count},
                                   {"time_estimated", seconds, Unit::seconds},
                                   {"share_of_time", share, Unit::share}},
                      .gain = Quantity{"time", seconds, Unit::seconds},
                      .action = "Ask for the final size at once where it is known (reserve), else "
                                "grow by a factor instead of a constant"});
    }
}

}  // namespace heapdrift::model
