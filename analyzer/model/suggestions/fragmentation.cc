// The process has far more memory of its own than its live blocks, mappings and modules can take.
#include <algorithm>

#include "analyzer/model/suggestions/rules.h"

namespace heapdrift::model {

namespace {

constexpr const char* kRule = "fragmentation";
constexpr size_t kLeastPoints = 8;
constexpr double kLeastExcess = 32 * kMebibyte;
constexpr double kLeastShare = 0.4;
constexpr double kLargeShare = 0.6;
// What the allocator takes for a block beside what was asked for: its header, and rounding.
constexpr double kBytesForBlock = 16;
// Stacks and thread-local storage.
constexpr double kBytesForThread = 256 * 1024;
constexpr double kBytesForProcess = 8 * kMebibyte;
// The recorder's table of live blocks, of which own_bytes knows when recording has ended.
constexpr double kTableShare = 0.2;
// Of what is resident: as much was live once.
constexpr double kWasLive = 0.8;

double fixed_bytes(const Profile& profile) {
    double bytes = kBytesForProcess + static_cast<double>(profile.own_bytes) +
                   kBytesForThread * static_cast<double>(profile.threads.size());
    // Their writable parts, at most.
    for (const Module& module : profile.modules)
        bytes += static_cast<double>(module.end - module.start);
    return bytes;
}

}  // namespace

void judge_fragmentation(const Subject& subject, Findings& findings) {
    const std::vector<HistoryPoint>& points = subject.history.points;
    if (points.size() < kLeastPoints) return findings.not_judged(kRule, "too few snapshots");
    const double fixed = fixed_bytes(subject.profile);
    double most_live = 0;
    for (const HistoryPoint& point : points) most_live = std::max(most_live, point.heap_bytes);
    // In all of the last quarter: a moment's excess comes and goes with what was just freed.
    double excess = 0;
    double resident = 0;
    for (size_t i = points.size() - points.size() / 4; i < points.size(); ++i) {
        if (!points[i].rss_anon_bytes)
            return findings.not_judged(kRule, "the kernel did not say what is resident");
        resident = static_cast<double>(*points[i].rss_anon_bytes);
        excess = resident - fixed - points[i].heap_bytes - kBytesForBlock * points[i].heap_blocks -
                 points[i].mapped_bytes - kTableShare * most_live;
        if (excess < kLeastExcess || excess < kLeastShare * resident) return;
    }
    const bool was_live = most_live >= kWasLive * excess;
    findings.add(
        {.rule = kRule,
         .severity = excess >= kLargeShare * resident ? Severity::medium : Severity::low,
         .site = {},
         .finding =
             was_live ? "Memory that was freed has not gone back to the system: live blocks lie "
                        "between the free ones"
                      : "Much more memory is resident than live blocks, mappings and modules take",
         .evidence = {{"resident_anonymous", resident, Unit::bytes},
                      {"live_heap", points.back().heap_bytes, Unit::bytes},
                      {"live_mappings", points.back().mapped_bytes, Unit::bytes},
                      {"most_live_heap", most_live, Unit::bytes},
                      {"unexplained", excess, Unit::bytes},
                      {"share_of_resident", excess / resident, Unit::share}},
         .gain = Quantity{"resident_anonymous", excess, Unit::bytes},
         .action =
             "Call malloc_trim(0) after the load fell; run with MALLOC_ARENA_MAX=2, or with "
             "another allocator preloaded, and compare RSS in heapdrift info; keep long-lived "
             "blocks apart from short-lived ones"});
}

}  // namespace heapdrift::model
