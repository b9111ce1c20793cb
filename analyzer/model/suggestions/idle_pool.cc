// A pool that keeps far more of a device's memory than is used of it, as the snapshots show it:
// what is used only between two of them is not known.
#include <algorithm>

#include "analyzer/model/suggestions/rules.h"

namespace heapdrift::model {

namespace {

constexpr const char* kRule = "idle-pool";
constexpr double kMostUsed = 0.5;

struct Pool {
    double reserved = 0;  // of all devices
    double HistoryPoint::*used;
    const char* finding;
    const char* action;
};

// At the snapshots of the last quarter, at most.
double most_used(const std::vector<HistoryPoint>& points, double HistoryPoint::*used) {
    double most = 0;
    for (size_t i = points.size() - points.size() / 4; i < points.size(); ++i)
        most = std::max(most, points[i].*used);
    return most;
}

void judge(const Subject& subject, const Pool& pool, Findings& findings) {
    if (pool.reserved < kLargeOnDevice) return;
    const std::vector<HistoryPoint>& points = subject.history.points;
    if (points.size() < kEnoughSnapshots) return findings.not_judged(kRule, "too few snapshots");
    const double used = most_used(points, pool.used);
    if (used > kMostUsed * pool.reserved || pool.reserved - used < kLargeOnDevice) return;
    findings.add({.rule = kRule,
                  .severity = Severity::medium,
                  .site = {},
                  .finding = pool.finding,
                  .evidence = {{"reserved", pool.reserved, Unit::bytes},
                               {"most_used_at_the_last_snapshots", used, Unit::bytes},
                               {"share_used", used / pool.reserved, Unit::share}},
                  .gain = Quantity{"device_memory", pool.reserved - used, Unit::bytes},
                  .action = pool.action});
}

}  // namespace

void judge_idle_pool(const Subject& subject, Findings& findings) {
    if (!subject.profile.cuda) return;
    Pool driver{.used = &HistoryPoint::pool_bytes,
                .finding =
                    "CUDA's memory pools keep far more than was used of them at any snapshot of "
                    "the last quarter",
                .action =
                    "Call cudaMemPoolTrimTo after the load fell, or lower the pool's "
                    "cudaMemPoolAttrReleaseThreshold"};
    Pool torch{.used = &HistoryPoint::tensor_bytes,
               .finding =
                   "PyTorch's caching allocator keeps far more than its tensors had at any "
                   "snapshot of the last quarter",
               .action =
                   "Call torch.cuda.empty_cache() after a peak that does not come again, "
                   "or make the peak smaller (batch size, checkpointing); heapdrift report "
                   "--domain cuda_tensor shows what was live"};
    for (const CudaDeviceInfo& device : subject.profile.cuda->devices) {
        driver.reserved += static_cast<double>(device.pool_reserved_bytes.value_or(0));
        if (device.tensors) torch.reserved += static_cast<double>(device.tensors->reserved_bytes);
    }
    judge(subject, driver, findings);
    judge(subject, torch, findings);
}

}  // namespace heapdrift::model
