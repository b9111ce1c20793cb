// Taking a snapshot: fill a descriptor, open an epoch. Nothing else happens, so any thread of the
// target can do it, and so can another process that maps the file writable.
//
// Order that readers and recorders rely on: descriptor fields, state = held (release), then
// moment, with epoch = number (release). Whoever reads moment with acquire finds the descriptors up
// to its epoch.
#pragma once

#include <cstdint>

#include "core/session_format.h"

namespace heapdrift {

// A holder that died with the lock must not end all snapshots: after this time it is broken.
inline constexpr uint64_t kSnapshotLockTimeoutNs = 2'000'000'000;

// Owns the right to change the snapshot table. Never waits: when someone else has it, held() is
// false and the caller goes on without a snapshot (or, outside the target, tries again).
class SnapshotLock {
public:
    SnapshotLock(Control& control, uint64_t monotonic_now_ns) : control_(control) {
        uint64_t since = control_.snapshot_lock.load(std::memory_order_relaxed);
        if (since != 0 && monotonic_now_ns < since + kSnapshotLockTimeoutNs) return;
        // Acquire: pairs with the release in the destructor, so that the table as the last holder
        // left it is seen.
        mine_ = monotonic_now_ns;
        held_ = control_.snapshot_lock.compare_exchange_strong(
            since, mine_, std::memory_order_acquire, std::memory_order_relaxed);
    }
    // Not a store: a holder that was stopped so long that the lock was broken has no say any more.
    ~SnapshotLock() {
        if (held_)
            control_.snapshot_lock.compare_exchange_strong(mine_, 0, std::memory_order_release,
                                                           std::memory_order_relaxed);
    }
    SnapshotLock(const SnapshotLock&) = delete;
    SnapshotLock& operator=(const SnapshotLock&) = delete;

    bool held() const { return held_; }

private:
    Control& control_;
    uint64_t mine_ = 0;
    bool held_ = false;
};

// Drops every second scheduled snapshot: of the 1st, 2nd, 3rd, … the 2nd, 4th, … stay, so that the
// generations of a long run, halved, are those of a run that began with twice the interval.
inline void thin_scheduled(Header& header) {
    uint32_t numbers[kMaxSnapshots];
    uint32_t slots[kMaxSnapshots];
    uint32_t count = 0;
    for (uint32_t slot = 0; slot < kMaxSnapshots; ++slot) {
        const SnapshotDescriptor& snapshot = header.snapshots[slot];
        if (snapshot.state.load(std::memory_order_relaxed) != SnapshotState::held ||
            snapshot.kind != SnapshotKind::scheduled)
            continue;
        uint32_t at = count++;
        for (; at > 0 && numbers[at - 1] > snapshot.number; --at) {
            numbers[at] = numbers[at - 1];
            slots[at] = slots[at - 1];
        }
        numbers[at] = snapshot.number;
        slots[at] = slot;
    }
    if (count < kMaxScheduled) return;
    for (uint32_t i = 0; i < count; i += 2)
        header.snapshots[slots[i]].state.store(SnapshotState::free, std::memory_order_release);
    Control& control = header.control;
    control.snapshot_interval_ns.store(
        2 * control.snapshot_interval_ns.load(std::memory_order_relaxed),
        std::memory_order_relaxed);
}

inline SnapshotDescriptor* find_free_slot(Header& header) {
    for (SnapshotDescriptor& snapshot : header.snapshots) {
        const SnapshotState state = snapshot.state.load(std::memory_order_relaxed);
        // A writing one was left behind by a holder that died: the lock is ours, so it is free.
        if (state != SnapshotState::held) return &snapshot;
    }
    return nullptr;
}

// Only the last peak is of use: the composition nearest to the mark.
inline void drop_earlier_peaks(Header& header, const SnapshotDescriptor* keep) {
    for (SnapshotDescriptor& snapshot : header.snapshots) {
        // Slots are taken from the front: from here on all are untouched, and so are their pages.
        if (snapshot.number == 0) break;
        if (&snapshot != keep && snapshot.kind == SnapshotKind::peak &&
            snapshot.state.load(std::memory_order_relaxed) == SnapshotState::held)
            snapshot.state.store(SnapshotState::free, std::memory_order_release);
    }
}

// Those of the user and of the program are kept for ever, so that they must leave room for others.
inline bool on_request(SnapshotKind kind) {
    return kind == SnapshotKind::requested || kind == SnapshotKind::program;
}
inline bool requests_used_up(const Header& header) {
    size_t count = 0;
    for (const SnapshotDescriptor& snapshot : header.snapshots)
        if (snapshot.state.load(std::memory_order_relaxed) == SnapshotState::held &&
            on_request(snapshot.kind))
            ++count;
    return count >= kMaxRequested;
}

// Takes a snapshot; the caller holds the SnapshotLock. `filled` carries everything but state,
// number and generation. Returns the snapshot's number, or 0 when kMaxRequested were taken on
// request already (counted in snapshots_refused) or the lock was broken meanwhile.
inline SnapshotNumber open_snapshot(Header& header, const SnapshotDescriptor& filled) {
    Control& control = header.control;
    if (filled.kind == SnapshotKind::scheduled) thin_scheduled(header);
    SnapshotDescriptor* slot = find_free_slot(header);
    if (slot == nullptr || (on_request(filled.kind) && requests_used_up(header))) {
        control.snapshots_refused.fetch_add(1, std::memory_order_relaxed);
        return SnapshotNumber{0};
    }
    uint64_t before = control.moment.load(std::memory_order_relaxed);
    const uint32_t number = epoch_of(before) + 1;
    uint32_t generation = generation_of(before);
    if (filled.kind == SnapshotKind::scheduled && generation < kLastGeneration) ++generation;
    slot->state.store(SnapshotState::writing, std::memory_order_relaxed);
    slot->number = number;
    slot->kind = filled.kind;
    slot->flags = filled.flags;
    slot->generation = generation;
    slot->time_ns = filled.time_ns;
    slot->cost_ns = filled.cost_ns;
    slot->rss_anon_bytes = filled.rss_anon_bytes;
    slot->rss_file_bytes = filled.rss_file_bytes;
    slot->rss_shmem_bytes = filled.rss_shmem_bytes;
    slot->swap_bytes = filled.swap_bytes;
    slot->cgroup_current_bytes = filled.cgroup_current_bytes;
    slot->cgroup_limit_bytes = filled.cgroup_limit_bytes;
    slot->peak_live_bytes = control.peak_live_bytes.load(std::memory_order_relaxed);
    slot->pressure_some_avg10 = filled.pressure_some_avg10;
    for (size_t i = 0; i < kLabelSize; ++i) slot->label[i] = filled.label[i];
    slot->label[kLabelSize - 1] = '\0';
    slot->state.store(SnapshotState::held, std::memory_order_release);
    if (filled.kind == SnapshotKind::peak) drop_earlier_peaks(header, slot);
    // Release: pairs with the acquire of every operation's head and of readers. Epochs never go
    // back, even if this holder was stopped for so long that another broke its lock.
    if (!control.moment.compare_exchange_strong(before, moment_of(number, generation),
                                                std::memory_order_release,
                                                std::memory_order_relaxed)) {
        slot->state.store(SnapshotState::free, std::memory_order_release);
        return SnapshotNumber{0};
    }
    return SnapshotNumber{number};
}

}  // namespace heapdrift
