#include "preload/cuda/event_log.h"

#include "core/cuda_figures.h"
#include "preload/cuda/device_list.h"
#include "preload/operation.h"

namespace heapdrift::cuda {
namespace {

constexpr uint32_t kMostSnapshots = 8;

constinit std::atomic<bool> locked{false};
constinit std::atomic<uint32_t> snapshots_taken{0};

bool same(const CudaEvent& event, SiteId site, CudaEventKind kind, Result result) {
    return event.site.load(std::memory_order_relaxed) == raw(site) && event.kind == kind &&
           event.result == result;
}

// Returns the event of this site, kind and result, made where there is none; nullptr without space.
CudaEvent* find_event(SiteId site, CudaEventKind kind, Result result, uint8_t device) {
    const TableLock lock(locked);
    if (!lock.held()) return nullptr;
    const uint32_t count = recorder.file.cuda_event_count();
    for (uint32_t i = 0; i < count; ++i)
        if (CudaEvent& event = recorder.file.cuda_event(i); same(event, site, kind, result))
            return &event;
    const Numbered<CudaEvent> added = recorder.file.add_cuda_event();
    if (added.record == nullptr) return nullptr;
    CudaEvent& event = *added.record;
    event.kind = kind;
    event.device = device;
    event.result = result;
    event.first_ns = recorder.file.since_start_ns();
    event.charged_bytes = devices.charged_bytes(device);
    // Release: pairs with the reader's acquire of site.
    event.site.store(raw(site), std::memory_order_release);
    return &event;
}

CudaEvent* note(const Object& object, CudaEventKind kind, Result result, const StartState& caller) {
    const Operation operation;
    if (operation.state() == nullptr) return nullptr;
    const SiteId site = operation.find_site(caller, object.domain);
    CudaEvent* event = raw(site) == 0 ? nullptr : find_event(site, kind, result, object.device);
    if (event == nullptr) {
        drop(Drop::no_space);
        return nullptr;
    }
    event->last_ns.store(recorder.file.since_start_ns(), std::memory_order_relaxed);
    event->bytes.store(object.size, std::memory_order_relaxed);
    event->count.fetch_add(1, std::memory_order_relaxed);
    return event;
}

}  // namespace

void note_failed_deallocation(const Object& object, Result result, const StartState& caller) {
    recorder.file.header().cuda.failed_deallocations.fetch_add(1, std::memory_order_relaxed);
    note(object, CudaEventKind::failed_deallocation, result, caller);
}

void note_out_of_memory(const Object& wanted, Result result, const StartState& caller) {
    recorder.file.header().cuda.out_of_memory.fetch_add(1, std::memory_order_relaxed);
    CudaEvent* event = note(wanted, CudaEventKind::out_of_memory, result, caller);
    if (event == nullptr || event->count.load(std::memory_order_relaxed) > 1 ||
        snapshots_taken.fetch_add(1, std::memory_order_relaxed) >= kMostSnapshots)
        return;
    event->snapshot = raw(take_snapshot(SnapshotKind::program, "out of CUDA memory"));
}

void count_handle(CudaEventKind kind, const Object& handle, int change) {
    if (raw(handle.site) == 0) return;
    const Operation operation;
    if (operation.state() == nullptr) return;
    CudaEvent* event = find_event(handle.site, kind, kSuccess, handle.device);
    if (event == nullptr) return drop(Drop::no_space);
    const auto one = static_cast<uint64_t>(change);
    if (event->count.fetch_add(one, std::memory_order_relaxed) == 0)
        event->last_ns.store(recorder.file.since_start_ns(), std::memory_order_relaxed);
    event->bytes.fetch_add(one * handle.size, std::memory_order_relaxed);
}

void forget_events() {
    locked.store(false, std::memory_order_relaxed);
    snapshots_taken.store(0, std::memory_order_relaxed);
}

}  // namespace heapdrift::cuda
