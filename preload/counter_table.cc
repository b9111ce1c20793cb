#include "preload/counter_table.h"

#include "preload/page_memory.h"

namespace heapdrift {

// A directory of page pointers, private to the process: copied when it must grow, which only its
// one writer does.
template <typename T>
bool CounterTable::grow(T**& array, uint32_t& capacity, uint32_t wanted) {
    constexpr uint32_t kPerPage = kPageSize / sizeof(void*);
    uint32_t larger = capacity == 0 ? kPerPage : 2 * capacity;
    while (larger <= wanted) larger *= 2;
    auto** copy = static_cast<T**>(map_pages(larger * sizeof(void*)));
    if (copy == nullptr) return false;
    for (uint32_t i = 0; i < capacity; ++i) copy[i] = array[i];
    if (array != nullptr) unmap_pages(array, capacity * sizeof(void*));
    file_->control().own_bytes.fetch_add((larger - capacity) * sizeof(void*),
                                         std::memory_order_relaxed);
    array = copy;
    capacity = larger;
    return true;
}

void CounterTable::close() {
    if (pages_ != nullptr) unmap_pages(pages_, capacity_ * sizeof(void*));
    if (undo_pages_ != nullptr) unmap_pages(undo_pages_, undo_capacity_ * sizeof(void*));
}

bool CounterTable::add_page(uint32_t page) {
    if (page >= capacity_ && !grow(pages_, capacity_, page)) return false;
    pages_[page] = static_cast<Cell*>(file_->add_page(PageKind::counters, raw(id_), page));
    return pages_[page] != nullptr;
}

// The order that readers rely on: the entry is complete (until, release), then the cell is stamped
// (epoch, release), then its counters change.
void CounterTable::keep_values(Cell& cell, SiteId site, uint32_t epoch) {
    const uint32_t since = cell.epoch.load(std::memory_order_relaxed);
    if (since != 0) {
        UndoEntry* entry = take_entry(epoch);
        // Without space the stamp stays old, so that readers take the present values for those of
        // the snapshots since, rather than none. The session says that it could not grow.
        if (entry == nullptr) return;
        entry->since = since;
        entry->site = raw(site);
        entry->values.allocations = cell.allocations.load(std::memory_order_relaxed);
        entry->values.allocated_bytes = cell.allocated_bytes.load(std::memory_order_relaxed);
        entry->values.deallocations = cell.deallocations.load(std::memory_order_relaxed);
        entry->values.deallocated_bytes = cell.deallocated_bytes.load(std::memory_order_relaxed);
        entry->values.temporary = cell.temporary.load(std::memory_order_relaxed);
        entry->values.reallocations = cell.reallocations.load(std::memory_order_relaxed);
        entry->until.store(epoch, std::memory_order_release);
    }
    cell.epoch.store(epoch, std::memory_order_release);
    // The counters, which change next with relaxed stores, must not be seen before the stamp.
    std::atomic_thread_fence(std::memory_order_release);
}

UndoEntry* CounterTable::take_entry(uint32_t epoch) {
    if (held_epoch_ != epoch) refresh_held(epoch);
    if (UndoEntry* dead = reuse_entry(epoch)) return dead;
    const uint32_t page = undo_count_ / kUndoPerPage;
    if (page >= undo_capacity_ && !grow(undo_pages_, undo_capacity_, page)) return nullptr;
    if (undo_pages_[page] == nullptr) {
        undo_pages_[page] =
            static_cast<UndoEntry*>(file_->add_page(PageKind::undo, raw(id_), page));
        if (undo_pages_[page] == nullptr) return nullptr;
    }
    return &undo_pages_[page][undo_count_++ % kUndoPerPage];
}

// Looks a few entries further for one that no held snapshot needs, so that the log stays as long
// as the snapshots held require, however long the program runs.
UndoEntry* CounterTable::reuse_entry(uint32_t epoch) {
    constexpr uint32_t kProbes = 4;
    for (uint32_t i = 0; i < kProbes && sweep_left_ > 0; ++i, --sweep_left_) {
        sweep_at_ = sweep_at_ + 1 < undo_count_ ? sweep_at_ + 1 : 0;
        UndoEntry& entry = undo_pages_[sweep_at_ / kUndoPerPage][sweep_at_ % kUndoPerPage];
        const uint32_t until = entry.until.load(std::memory_order_relaxed);
        // One of this very epoch would look the same to a reader before and after.
        if (until == epoch || (until != 0 && needed(entry.since, until))) continue;
        --sweep_left_;
        // A reader that copied half of it sees until change and starts again.
        entry.until.store(0, std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_release);
        file_->control().dead_undo_entries.fetch_add(1, std::memory_order_relaxed);
        return &entry;
    }
    return nullptr;
}

// The held snapshots as of this epoch. A snapshot dropped later still counts as held: safe.
void CounterTable::refresh_held(uint32_t epoch) {
    uint32_t numbers[kMaxSnapshots];
    uint32_t count = 0;
    uint32_t known = 0;
    for (const SnapshotDescriptor& snapshot : file_->header().snapshots) {
        // Acquire: pairs with the release in open_snapshot.
        if (snapshot.state.load(std::memory_order_acquire) != SnapshotState::held) continue;
        uint32_t at = count++;
        for (; at > 0 && numbers[at - 1] > snapshot.number; --at) numbers[at] = numbers[at - 1];
        numbers[at] = snapshot.number;
        if (snapshot.number <= held_epoch_) ++known;
    }
    if (known < held_count_) sweep_left_ = undo_count_;
    held_epoch_ = epoch;
    held_count_ = count;
    for (uint32_t i = 0; i < count; ++i) held_[i] = numbers[i];
}

bool CounterTable::needed(uint32_t since, uint32_t until) const {
    uint32_t low = 0;
    uint32_t high = held_count_;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (held_[middle] <= since)
            low = middle + 1;
        else
            high = middle;
    }
    return low < held_count_ && held_[low] <= until;
}

}  // namespace heapdrift
