// So many live blocks of a few bytes that the allocator's share of them matters.
#include <algorithm>
#include <cmath>

#include "analyzer/model/suggestions/rules.h"

namespace heapdrift::model {

namespace {

constexpr const char* kRule = "tiny-blocks";
constexpr double kLargestTiny = 24;
constexpr double kLeastWaste = 1 * kMebibyte;
constexpr double kLeastShare = 0.05;
// glibc's on x86-64: a header of 8 bytes, multiples of 16, 32 at least.
constexpr double kHeader = 8;
constexpr double kGranule = 16;
constexpr double kLeastChunk = 32;

double chunk_for(double size) {
    return std::max(kLeastChunk, std::ceil((size + kHeader) / kGranule) * kGranule);
}

}  // namespace

void judge_tiny_blocks(const Subject& subject, Findings& findings) {
    if (subject.sampled())
        return findings.not_judged(kRule, "few of so small blocks are seen in sampled mode");
    double heap = 0;
    for (const AllocatingPlace& place : subject.places)
        heap += static_cast<double>(place.figures.live_bytes);
    for (const AllocatingPlace& place : subject.places) {
        const auto blocks = static_cast<double>(place.figures.live_allocations);
        if (blocks == 0 || findings.named(place.site)) continue;
        const double mean = static_cast<double>(place.figures.live_bytes) / blocks;
        const double waste = blocks * (chunk_for(mean) - mean);
        if (mean > kLargestTiny || waste < kLeastWaste || waste < kLeastShare * heap) continue;
        findings.add({.rule = kRule,
                      .severity = Severity::low,
                      .site = place.site,
                      .finding = "Many live blocks are so small that managing them takes much of "
                                 "their memory (with glibc's malloc, 32 bytes at least)",
                      .evidence = {{"live_blocks", blocks, Unit::count},
                                   {"live_bytes", static_cast<double>(place.figures.live_bytes),
                                    Unit::bytes},
                                   {"mean_block", mean, Unit::bytes},
                                   {"stacks", static_cast<double>(place.sites), Unit::count},
                                   {"beside_what_was_asked", waste, Unit::bytes}},
                      .gain = Quantity{"memory", waste, Unit::bytes},
                      .action = "Keep them by value in one array (a vector, a deque, a flat table) "
                                "with indices instead of pointers, or in a pool of that size"});
    }
}

}  // namespace heapdrift::model
