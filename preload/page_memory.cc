#include "preload/page_memory.h"

#include <atomic>

#include "preload/syscalls.h"

namespace heapdrift {
namespace {
// Relaxed everywhere: a thread that sees it late makes one system call more.
constinit std::atomic<bool> confined{false};
}  // namespace

void set_memory_confined(bool value) {
    confined.store(value, std::memory_order_relaxed);
}
bool memory_confined() {
    return confined.load(std::memory_order_relaxed);
}

void* map_pages(size_t size) {
    if (memory_confined()) return nullptr;
    return sys::map(size, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
}

void* map_pages_wiped_on_fork(size_t size) {
    void* start = map_pages(size);
    if (start != nullptr && sys::failed(sys::advise(start, size, MADV_WIPEONFORK))) {
        sys::unmap(start, size);
        return nullptr;
    }
    return start;
}

void unmap_pages(void* start, size_t size) {
    if (!memory_confined()) sys::unmap(start, size);
}

}  // namespace heapdrift
