// Handles of virtual memory that were released, but are kept by mappings, more and more. To release
// a handle as soon as it is mapped is good custom; then cuMemUnmap is what gives its memory back.
#include "analyzer/model/suggestions/rules.h"

namespace heapdrift::model {

namespace {

constexpr const char* kRule = "released-handles";
constexpr double kLeastGrowth = 3;  // handles, since the middle of the run
constexpr double kLeastShare = 0.9;

}  // namespace

void judge_released_handles(const Subject& subject, Findings& findings) {
    if (!subject.profile.cuda) return;
    for (const CudaHandles& handles : subject.profile.cuda->handles) {
        if (handles.kind != CudaEventKind::released_handles) continue;
        const size_t points = subject.history.points.size();
        if (points < kEnoughSnapshots) return findings.not_judged(kRule, "too few snapshots");
        const SiteHistory* site = history_with(subject.history, handles.site);
        if (site == nullptr) continue;
        const double live = site->live(points - 1);
        const double growth = live - site->live(points / 2);
        const auto count = static_cast<double>(handles.count);
        if (growth < kLeastGrowth || count < kLeastShare * live) continue;
        const auto bytes = static_cast<double>(handles.bytes);
        findings.add({.rule = kRule,
                      .severity = bytes >= kLargeOnDevice ? Severity::high : Severity::medium,
                      .site = handles.site,
                      .finding = "More and more device memory from here is released, but still "
                                 "mapped: the mappings keep it",
                      .evidence = {{"handles", count, Unit::count},
                                   {"live_bytes", bytes, Unit::bytes},
                                   {"more_since_the_middle", growth, Unit::count}},
                      .gain = Quantity{"device_memory", bytes, Unit::bytes},
                      .action = "Call cuMemUnmap for the range that each handle was mapped to, "
                                "before cuMemAddressFree; cuMemRelease alone gives nothing back "
                                "while a mapping is there"});
    }
}

}  // namespace heapdrift::model
