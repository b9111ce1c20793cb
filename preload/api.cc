// The functions of heapdrift.h.
#include "preload/heapdrift.h"
#include "preload/interpose.h"
#include "preload/lifecycle.h"
#include "preload/scan/scan.h"
#include "preload/snapshot_clock.h"

using namespace heapdrift;

namespace {

// Brings the process's sums up to date with this thread. False when nothing is recorded.
bool settled() {
    if (!active()) return false;
    if (tls.busy == Busy::no && tls.state != nullptr) {
        const BusyScope recording(Busy::recording);
        settle_balance(*tls.state);
    }
    return true;
}

}  // namespace

HEAPDRIFT_EXPORT int heapdrift_snapshot(const char* label) {
    if (!active()) return 0;
    const BusyScope recording(Busy::recording);
    return static_cast<int>(
        raw(take_snapshot(SnapshotKind::program, label == nullptr ? "" : label)));
}

HEAPDRIFT_EXPORT void heapdrift_stop() {
    scan::note_unrecorded_blocks();
    recorder.paused.store(true, std::memory_order_seq_cst);
    settle_ordinary();
}
HEAPDRIFT_EXPORT void heapdrift_start() {
    recorder.paused.store(false, std::memory_order_seq_cst);
    settle_ordinary();
}

HEAPDRIFT_EXPORT size_t heapdrift_current_bytes() {
    if (!settled()) return 0;
    const int64_t live = live_heap_bytes(recorder.file.control());
    return live < 0 ? 0 : static_cast<size_t>(live);
}

HEAPDRIFT_EXPORT size_t heapdrift_peak_bytes() {
    if (!settled()) return 0;
    return recorder.file.control().peak_live_bytes.load(std::memory_order_relaxed);
}

HEAPDRIFT_EXPORT void heapdrift_ignore(void* block) {
    if (block == nullptr) return;
    scan::note_unrecorded_blocks();
    record_deallocation(address_of(block));
}

HEAPDRIFT_EXPORT void heapdrift_allocated(void* block, size_t size) {
    if (block != nullptr)
        record_allocation(address_of(block), size, start_state_of_caller(), Domain::custom);
}

HEAPDRIFT_EXPORT void heapdrift_deallocated(void* block) {
    if (block != nullptr) record_deallocation(address_of(block), Domain::custom);
}
