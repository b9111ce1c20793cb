#include "preload/held_snapshots.h"

namespace heapdrift {
namespace {

void insert_ascending(uint32_t* values, uint32_t& count, uint32_t value) {
    uint32_t at = count++;
    for (; at > 0 && values[at - 1] > value; --at) values[at] = values[at - 1];
    values[at] = value;
}

}  // namespace

bool HeldSnapshots::refresh(const Header& header, uint32_t epoch) {
    if (epoch_ == epoch) return false;
    const uint32_t before = count_;
    uint32_t known = 0;
    count_ = scheduled_ = 0;
    // Each snapshot opened an epoch and took the first free slot: those behind are untouched, and
    // so are their pages.
    const uint32_t used = epoch < kMaxSnapshots ? epoch : kMaxSnapshots;
    for (uint32_t slot = 0; slot < used; ++slot) {
        const SnapshotDescriptor& snapshot = header.snapshots[slot];
        // Acquire: pairs with the release in open_snapshot.
        if (snapshot.state.load(std::memory_order_acquire) != SnapshotState::held) continue;
        if (snapshot.number <= epoch_) ++known;
        insert_ascending(numbers_, count_, snapshot.number);
        if (snapshot.kind == SnapshotKind::scheduled && scheduled_ < kMaxScheduled)
            insert_ascending(generations_, scheduled_, snapshot.generation);
    }
    epoch_ = epoch;
    return known < before;
}

bool HeldSnapshots::any_between(const uint32_t* ascending, uint32_t count, uint32_t after,
                                uint32_t to) {
    uint32_t low = 0;
    uint32_t high = count;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (ascending[middle] <= after)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && ascending[low] <= to;
}

}  // namespace heapdrift
