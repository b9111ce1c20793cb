// The recorder's own memory: anonymous pages from mmap, never malloc. Touched lazily by the
// kernel; nothing is reserved against overcommit.
#pragma once

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
