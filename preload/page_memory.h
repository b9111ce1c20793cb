// The recorder's own memory: anonymous pages from mmap, never malloc. Touched lazily by the
// kernel; nothing is reserved against overcommit.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace heapdrift {

// Once the program confined itself (seccomp), we make no system call any more: a filter may kill.
void set_memory_confined(bool value);
bool memory_confined();

// Zeroed memory, page-aligned. nullptr when the kernel refuses or we are confined.
void* map_pages(size_t size);
// The same, and the pages read as zero in a fork child, which then pays no copy for them.
void* map_pages_wiped_on_fork(size_t size);
// The same, beginning at a multiple of `alignment`.
void* map_aligned_pages_wiped_on_fork(size_t size, size_t alignment);
// Zeroed memory that stays the same in a fork child.
void* map_shared_pages(size_t size);
void unmap_pages(void* start, size_t size);
// A table of `capacity` entries, which may be none, becomes one of `larger`, whose pages were
// mapped for it and hold what they are to hold. At each moment it leads to pages that are there,
// and to as many at least as it says: a signal handler may leave in between, and another thread may
// fork.
template <typename Entry>
void replace_pages(Entry*& table, uint32_t& capacity, Entry* copy, uint32_t larger) {
    Entry* const before = table;
    const uint32_t capacity_before = capacity;
    table = copy;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    capacity = larger;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    // NOLINTNEXTLINE(bugprone-sizeof-expression): some tables are of pointers.
    if (before != nullptr) unmap_pages(before, capacity_before * sizeof(Entry));
}
// For pages that will all be written soon: one call instead of a fault for each.
void touch_pages(void* start, size_t size);
// The pages that lie wholly in [start, start + size) read as zero from now on, and cost nothing
// until they are written again. False when the kernel refuses or we are confined.
bool give_back_pages(void* start, size_t size);

// All that was mapped here and is not unmapped, and the session file, in no order: a scan must not
// take the recorder's own pointers for the program's. The kernel merges mappings, so the exact
// ranges are kept.
struct OwnRange {
    uint64_t start;
    uint64_t size;  // 0: none
};
void note_own_range(const void* start, size_t size);
uint32_t own_range_count();
OwnRange own_range(uint32_t index);
// False when there were more ranges than can be kept.
bool own_ranges_complete();

}  // namespace heapdrift
