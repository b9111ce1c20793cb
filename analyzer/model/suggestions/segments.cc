// PyTorch's caching allocator asked the driver for more while much of what it had lay free between
// tensors, in pieces too small for what was asked.
#include "analyzer/model/suggestions/rules.h"

namespace heapdrift::model {

namespace {

constexpr const char* kRule = "segments";
constexpr double kLeastShare = 0.3;
constexpr double kLargeShare = 0.5;

}  // namespace

void judge_segments(const Subject& subject, Findings& findings) {
    if (!subject.profile.cuda) return;
    for (const CudaDeviceInfo& device : subject.profile.cuda->devices) {
        if (!device.tensors) continue;
        const CudaTensorSums& tensors = *device.tensors;
        const auto unused = static_cast<double>(tensors.unused_in_segments());
        const auto segments = static_cast<double>(tensors.grown_segment_bytes);
        if (unused < kLargeOnDevice || unused < kLeastShare * segments) continue;
        findings.add(
            {.rule = kRule,
             .severity = unused >= kLargeShare * segments ? Severity::medium : Severity::low,
             .site = {},
             .finding = "PyTorch's segments are fragmented: it asked the driver for more "
                        "while much of them lay free, in pieces too small",
             .evidence = {{"device", static_cast<double>(device.ordinal), Unit::count},
                          {"segments_with_tensors", segments, Unit::bytes},
                          {"tensors", static_cast<double>(tensors.grown_allocated_bytes),
                           Unit::bytes},
                          {"free_between_tensors", unused, Unit::bytes},
                          {"share_free", unused / segments, Unit::share},
                          {"asked_for_more_at", tensors.grown_seconds, Unit::seconds}},
             .gain = Quantity{"device_memory", unused, Unit::bytes},
             .action = "Run with PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True, or "
                       "max_split_size_mb:128; allocate what lives long before what comes "
                       "and goes, and in few sizes. torch.cuda.empty_cache() cannot help: "
                       "each of these segments holds a tensor"});
    }
}

}  // namespace heapdrift::model
