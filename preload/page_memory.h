// The recorder's own memory: anonymous pages from mmap, never malloc. Touched lazily by the
// kernel; nothing is reserved against overcommit.
#pragma once

#include <cstddef>

namespace heapdrift {

// Once the program confined itself (seccomp), we make no system call any more: a filter may kill.
void set_memory_confined(bool value);
bool memory_confined();

// Zeroed memory, page-aligned. nullptr when the kernel refuses or we are confined.
void* map_pages(size_t size);
// The same, and the pages read as zero in a fork child, which then pays no copy for them.
void* map_pages_wiped_on_fork(size_t size);
void unmap_pages(void* start, size_t size);

}  // namespace heapdrift
