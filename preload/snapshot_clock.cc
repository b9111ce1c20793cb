#include "preload/snapshot_clock.h"

#include <atomic>

#include "core/snapshot_table.h"
#include "preload/page_memory.h"
#include "preload/process_figures.h"
#include "preload/scan/scan.h"
#include "preload/vdso_clock.h"

namespace heapdrift {
namespace {

// A look costs some 20 ns. In each tick of the coarse clock a thread looks first at every
// operation, then at every 16th part of what it has done in that tick: so a thread of few
// operations looks at each of them, and one of many only now and then. When it becomes slow, no
// more than a 16th of what it did in the last tick, and never more than 128, pass unseen.
constexpr uint32_t kTickShare = 16;
constexpr uint32_t kMostOperationsPerLook = 128;
// A snapshot may hold its thread for a hundredth of the time between two
// (preload/snapshot_costs.h).
constexpr uint64_t kCostShare = 100;
// What it costs afterwards, the values that threads keep when they first change a cell, may take a
// twentieth of all time. (Each is some 100 ns where so many sites change that it matters; with
// fewer than 10^4 that do between two snapshots the interval is not touched.) Without this, 10^5
// busy sites fill tens of megabytes a second.
constexpr uint64_t kKeptValueNs = 100;
constexpr uint64_t kKeptValuesShare = 20;
// Under the option operations= a thread tells of its operations in such steps: always the same, so
// that the same program has its snapshots at the same places in every run.
constexpr uint32_t kOperationsPerStep = 16;
constinit std::atomic<uint64_t> operations_told{0};
// The composition of the peak is kept when the mark has risen by so much.
constexpr int64_t kPeakStepShare = 50;
constexpr int64_t kPeakStepBytes = 64 * 1024;

// At the end of a process that lived so long the memory of process and cgroup is not asked for.
constexpr uint64_t kShortLifeNs = 50'000'000;

SnapshotNumber open_filled(SnapshotKind kind, const char* label, uint64_t now_ns, uint16_t flags,
                           uint64_t& cost_ns) {
    if (!recorder.file.have_space_for_snapshot()) return SnapshotNumber{0};
    SnapshotDescriptor filled{};
    filled.kind = kind;
    filled.flags = flags;
    filled.time_ns = now_ns;
    // The files of /proc would be a tenth of what such a process costs.
    if (kind == SnapshotKind::exit && now_ns < kShortLifeNs)
        mark_figures_unknown(filled);
    else
        read_process_figures(filled);
    for (size_t i = 0; i + 1 < kLabelSize && label[i] != '\0'; ++i) filled.label[i] = label[i];
    cost_ns = filled.cost_ns = recorder.file.since_start_ns() - now_ns;
    return open_snapshot(recorder.file.header(), filled);
}

void take_scheduled(uint64_t now_ns) {
    Control& control = recorder.file.control();
    SnapshotLock lock(control, monotonic_ns());
    const uint64_t due = control.snapshot_due_ns.load(std::memory_order_relaxed);
    if (!lock.held() || now_ns < due) return;
    const uint64_t interval = control.snapshot_interval_ns.load(std::memory_order_relaxed);
    const bool idle = now_ns > due + interval;
    uint64_t cost = 0;
    open_filled(SnapshotKind::scheduled, "", now_ns, idle ? kSnapshotIdle : 0, cost);
    // On the grid of the interval, which the snapshot just taken may have doubled.
    const uint64_t step = control.snapshot_interval_ns.load(std::memory_order_relaxed);
    const uint64_t next = now_ns - (now_ns - due) % step + step;
    const uint64_t kept = recorder.file.values_kept().load(std::memory_order_relaxed);
    const uint64_t earliest =
        now_ns + kCostShare * recorder.snapshot_costs.add(cost) +
        kKeptValuesShare * kKeptValueNs * (kept - recorder.values_kept_before);
    recorder.values_kept_before = kept;
    control.snapshot_due_ns.store(next < earliest ? earliest : next, std::memory_order_relaxed);
}

void take_scheduled_by_operations(uint64_t operations) {
    Control& control = recorder.file.control();
    SnapshotLock lock(control, monotonic_ns());
    const uint64_t due = control.snapshot_due_ns.load(std::memory_order_relaxed);
    if (!lock.held() || operations < due) return;
    uint64_t cost = 0;
    open_filled(SnapshotKind::scheduled, "", recorder.file.since_start_ns(), 0, cost);
    const uint64_t step = control.snapshot_interval_ns.load(std::memory_order_relaxed);
    control.snapshot_due_ns.store(operations - (operations - due) % step + step,
                                  std::memory_order_relaxed);
}

void tell_operations(ThreadState& state) {
    const uint64_t between = recorder.options.operations;
    const uint32_t done = state.look_after;
    const uint64_t told = operations_told.fetch_add(done, std::memory_order_relaxed) + done;
    state.look_after =
        between < kOperationsPerStep ? static_cast<uint32_t>(between) : kOperationsPerStep;
    state.until_look = state.look_after;
    if (told >= recorder.file.control().snapshot_due_ns.load(std::memory_order_relaxed))
        take_scheduled_by_operations(told);
}

// The mark's composition: only the last peak snapshot is kept, so a rise costs undo entries of the
// sites touched since and no space for good.
void take_peak(int64_t live) {
    recorder.next_peak_bytes.store(
        live + (live / kPeakStepShare > kPeakStepBytes ? live / kPeakStepShare : kPeakStepBytes),
        std::memory_order_relaxed);
    SnapshotLock lock(recorder.file.control(), monotonic_ns());
    if (!lock.held() || !recorder.file.have_space_for_snapshot()) return;
    SnapshotDescriptor filled{};
    filled.kind = SnapshotKind::peak;
    filled.time_ns = recorder.file.since_start_ns();
    mark_figures_unknown(filled);
    open_snapshot(recorder.file.header(), filled);
}

void raise_peak(Control& control, int64_t live) {
    uint64_t peak = control.peak_live_bytes.load(std::memory_order_relaxed);
    const auto bytes = static_cast<uint64_t>(live);
    while (bytes > peak)
        if (control.peak_live_bytes.compare_exchange_weak(peak, bytes, std::memory_order_relaxed)) {
            control.peak_time_ns.store(recorder.file.since_start_coarse_ns(),
                                       std::memory_order_relaxed);
            return;
        }
}

// Blocks have died: their part of the block table is looked through, a little at a time.
void return_table_memory(uint64_t now_ns) {
    constexpr uint64_t kIntervalNs = 5'000'000;
    constexpr int64_t kWorthwhileBytes = 16 << 20;
    uint64_t due = recorder.next_return_ns.load(std::memory_order_relaxed);
    if (now_ns < due || !recorder.next_return_ns.compare_exchange_strong(due, now_ns + kIntervalNs,
                                                                         std::memory_order_relaxed))
        return;
    const int64_t live = live_heap_bytes(recorder.file.control());
    const int64_t high = recorder.table_high_bytes.load(std::memory_order_relaxed);
    const int64_t worthwhile = high / 4 > kWorthwhileBytes ? high / 4 : kWorthwhileBytes;
    if (live > high || (high - live >= worthwhile && !recorder.blocks.return_some_pages()))
        recorder.table_high_bytes.store(live, std::memory_order_relaxed);
}

void plan_next_look(ThreadState& state, uint64_t now_ns) {
    constexpr uint32_t kMany = kTickShare * kMostOperationsPerLook;
    if (now_ns != state.looked_ns)
        state.tick_operations = 0;
    else if (state.tick_operations < kMany)
        state.tick_operations += state.look_after;
    state.looked_ns = now_ns;
    const uint32_t share = state.tick_operations / kTickShare;
    state.look_after = share == 0                       ? 1
                       : share < kMostOperationsPerLook ? share
                                                        : kMostOperationsPerLook;
    state.until_look = state.look_after;
}

}  // namespace

int64_t live_heap_bytes(const Control& control) {
    return control.first_live_bytes.load(std::memory_order_relaxed) +
           control.other_live_bytes.load(std::memory_order_relaxed);
}

void look_at_clock(ThreadState& state) {
    const uint64_t now = recorder.file.since_start_coarse_ns();
    if (recorder.options.operations != 0) [[unlikely]] {
        tell_operations(state);
    } else {
        plan_next_look(state, now);
        if (now >= recorder.file.control().snapshot_due_ns.load(std::memory_order_relaxed))
            take_scheduled(recorder.file.since_start_ns());
    }
    return_table_memory(now);
    if (scan::wanted()) [[unlikely]]
        scan::go_on();
}

void settle_balance(ThreadState& state) {
    Control& control = recorder.file.control();
    if (state.index == 0)
        control.first_live_bytes.store(
            control.first_live_bytes.load(std::memory_order_relaxed) + state.balance,
            std::memory_order_relaxed);
    else
        control.other_live_bytes.fetch_add(state.balance, std::memory_order_relaxed);
    const int64_t live = live_heap_bytes(control);
    state.balance = 0;
    int64_t headroom =
        static_cast<int64_t>(control.peak_live_bytes.load(std::memory_order_relaxed)) - live;
    if (headroom < 0) {
        raise_peak(control, live);
        headroom = 0;
        if (live >= recorder.next_peak_bytes.load(std::memory_order_relaxed)) take_peak(live);
    }
    // With one thread the mark is exact.
    state.balance_high =
        recorder.threads.single() && headroom < kBalanceSlack ? headroom : kBalanceSlack;
}

SnapshotNumber take_snapshot(SnapshotKind kind, const char* label) {
    SnapshotLock lock(recorder.file.control(), monotonic_ns());
    if (!lock.held()) return SnapshotNumber{0};
    uint64_t cost = 0;
    return open_filled(kind, label, recorder.file.since_start_ns(), 0, cost);
}

}  // namespace heapdrift
