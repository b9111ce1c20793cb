// The functions of heapdrift.h.
#include "preload/heapdrift.h"
#include "preload/interpose.h"
#include "preload/lifecycle.h"
#include "preload/operation.h"
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

uint64_t dropped_in_all() {
    uint64_t sum = 0;
    for (const Shared<uint64_t>& dropped : recorder.file.control().dropped)
        sum += dropped.load(std::memory_order_relaxed);
    return sum;
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

HEAPDRIFT_EXPORT void heapdrift_ignore_begin() {
    const Operation operation;
    if (operation.state() == nullptr) return;
    recorder.scopes.note_ignored();
    ++tls.ignore_depth;
    operation.state()->stack.set_scope(tls.scope());
}

HEAPDRIFT_EXPORT void heapdrift_ignore_end() {
    const Operation operation;
    if (operation.state() == nullptr || tls.ignore_depth == 0) return;
    --tls.ignore_depth;
    operation.state()->stack.set_scope(tls.scope());
}

HEAPDRIFT_EXPORT void heapdrift_mark_begin(heapdrift_mark* mark) {
    *mark = {};
    const Operation operation;
    if (operation.state() == nullptr || !recorder.sampler.exact()) return;
    const ScopeTable::Ticket ticket = recorder.scopes.begin();
    *mark = {.number = ticket.number, .serial = ticket.serial, .dropped = dropped_in_all()};
    operation.state()->stack.set_scope(tls.scope());
}

HEAPDRIFT_EXPORT void heapdrift_mark_end(const heapdrift_mark* mark) {
    const Operation operation;
    if (operation.state() == nullptr) return;
    recorder.scopes.end({mark->number, mark->serial});
    operation.state()->stack.set_scope(tls.scope());
}

HEAPDRIFT_EXPORT heapdrift_growth heapdrift_mark_growth(const heapdrift_mark* mark,
                                                        heapdrift_site* sites, size_t capacity) {
    const Operation operation;
    if (operation.state() == nullptr || dropped_in_all() != mark->dropped) return {};
    const ScopeTable::Growth growth = recorder.scopes.growth({mark->number, mark->serial}, sites,
                                                             sites == nullptr ? 0 : capacity);
    return {growth.allocations, growth.bytes, growth.sites, growth.known};
}

HEAPDRIFT_EXPORT size_t heapdrift_site_frames(unsigned site, void** frames, size_t capacity) {
    if (!active() || site == 0 ||
        site > recorder.file.control().site_count.load(std::memory_order_relaxed))
        return 0;
    const Node* node =
        &recorder.file.node(recorder.file.site(site).node.load(std::memory_order_acquire));
    size_t count = 0;
    for (; node->kind != FrameKind::root; node = &recorder.file.node(node->parent), ++count)
        if (count < capacity) frames[count] = reinterpret_cast<void*>(node->address);
    return count;
}

HEAPDRIFT_EXPORT void heapdrift_allocated(void* block, size_t size) {
    if (block != nullptr)
        record_allocation(address_of(block), size, start_state_of_caller(), Domain::custom);
}

HEAPDRIFT_EXPORT void heapdrift_deallocated(void* block) {
    if (block != nullptr) record_deallocation(address_of(block), Domain::custom);
}
