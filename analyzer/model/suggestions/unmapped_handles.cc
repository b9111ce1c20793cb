// Handles of virtual memory that were created and never mapped: nothing can use their memory.
#include "analyzer/model/suggestions/rules.h"

namespace heapdrift::model {

namespace {

constexpr const char* kRule = "unmapped-handles";
constexpr double kLeastBytes = 2 * kMebibyte;  // the smallest handle on most devices
// Of the run: between the creation of a handle and its mapping lies little else.
constexpr double kLeastShareOfTime = 0.25;

}  // namespace

void judge_unmapped_handles(const Subject& subject, Findings& findings) {
    if (!subject.profile.cuda) return;
    const double end = subject.profile.session.last_seconds;
    for (const CudaHandles& handles : subject.profile.cuda->handles) {
        const auto bytes = static_cast<double>(handles.bytes);
        const double waiting = end - handles.since_seconds;
        if (handles.kind != CudaEventKind::unmapped_handles || bytes < kLeastBytes ||
            waiting < kLeastShareOfTime * end || !site_with(subject.profile, handles.site))
            continue;
        findings.add({.rule = kRule,
                      .severity = bytes >= kLargeOnDevice ? Severity::high : Severity::medium,
                      .site = handles.site,
                      .finding = "Device memory was created here and has never been mapped, so "
                                 "nothing can use it",
                      .evidence = {{"handles", static_cast<double>(handles.count), Unit::count},
                                   {"live_bytes", bytes, Unit::bytes},
                                   {"always_some_since", handles.since_seconds, Unit::seconds}},
                      .gain = Quantity{"device_memory", bytes, Unit::bytes},
                      .action = "Call cuMemRelease on the paths that end between cuMemCreate and "
                                "cuMemMap, errors above all; or create handles when they are "
                                "mapped"});
    }
}

}  // namespace heapdrift::model
