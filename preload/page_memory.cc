#include "preload/page_memory.h"

#include <atomic>

#include "core/session_format.h"
#include "preload/large_table.h"
#include "preload/syscalls.h"

namespace heapdrift {
namespace {
// Relaxed everywhere: a thread that sees it late makes one system call more.
constinit std::atomic<bool> confined{false};

// 16 MiB of a heap need one range, and so this many 512 GiB.
constexpr uint32_t kMostRanges = 32768;
struct Range {
    std::atomic<uint64_t> start;
    std::atomic<uint64_t> size;
};
HEAPDRIFT_LARGE_TABLE constinit Range ranges[kMostRanges] = {};
constinit std::atomic<uint32_t> range_count{0};
constinit std::atomic<bool> ranges_lost{false};

// A place is free while its start is 0: so whoever takes it into use sets its start first, and
// whoever takes it out of use sets it last.
void note_range(uint64_t start, uint64_t size) {
    uint32_t at = range_count.load(std::memory_order_relaxed);
    do {
        if (at < kMostRanges) continue;
        // Full of ranges that are gone, perhaps.
        for (Range& range : ranges) {
            uint64_t none = 0;
            if (!range.start.compare_exchange_strong(none, start)) continue;
            range.size.store(size, std::memory_order_release);
            return;
        }
        ranges_lost.store(true, std::memory_order_relaxed);
        return;
    } while (!range_count.compare_exchange_weak(at, at + 1, std::memory_order_relaxed));
    ranges[at].start.store(start, std::memory_order_relaxed);
    ranges[at].size.store(size, std::memory_order_release);
}

void forget_range(uint64_t start) {
    for (uint32_t i = range_count.load(std::memory_order_relaxed); i-- > 0;)
        if (ranges[i].start.load(std::memory_order_relaxed) == start) {
            ranges[i].size.store(0, std::memory_order_relaxed);
            ranges[i].start.store(0, std::memory_order_release);
            return;
        }
}
}  // namespace

void set_memory_confined(bool value) {
    confined.store(value, std::memory_order_relaxed);
}
bool memory_confined() {
    return confined.load(std::memory_order_relaxed);
}

void* map_pages(size_t size) {
    if (memory_confined()) return nullptr;
    void* start = sys::map(size, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
    if (start != nullptr) note_range(reinterpret_cast<uint64_t>(start), size);
    return start;
}

namespace {
void* wiped_on_fork(void* start, size_t size) {
    if (start != nullptr && sys::failed(sys::advise(start, size, MADV_WIPEONFORK))) {
        unmap_pages(start, size);
        return nullptr;
    }
    return start;
}
}  // namespace

void* map_pages_wiped_on_fork(size_t size) {
    return wiped_on_fork(map_pages(size), size);
}

// What lies beside it is given up before any of it can be used: mlockall would fill that, too.
void* map_aligned_pages_wiped_on_fork(size_t size, size_t alignment) {
    if (memory_confined()) return nullptr;
    void* reserved = sys::reserve(size + alignment);
    if (reserved == nullptr) return nullptr;
    const auto begin = reinterpret_cast<uint64_t>(reserved);
    const uint64_t start = (begin + alignment - 1) & ~(uint64_t{alignment} - 1);
    auto* const bytes = static_cast<char*>(reserved);
    char* const aligned = bytes + (start - begin);
    if (start > begin) sys::unmap(bytes, start - begin);
    if (const size_t behind = alignment - (start - begin); behind > 0)
        sys::unmap(aligned + size, behind);
    if (sys::failed(sys::call(SYS_mprotect, sys::address(aligned), static_cast<long>(size),
                              PROT_READ | PROT_WRITE))) {
        sys::unmap(aligned, size);
        return nullptr;
    }
    note_range(start, size);
    return wiped_on_fork(aligned, size);
}

void unmap_pages(void* start, size_t size) {
    if (memory_confined()) return;
    // Before: another thread may get the addresses at once.
    forget_range(reinterpret_cast<uint64_t>(start));
    sys::unmap(start, size);
}

// Before Linux 5.14 there is no such advice, and the pages come one by one.
void touch_pages(void* start, size_t size) {
    if (!memory_confined()) sys::advise(start, size, MADV_POPULATE_WRITE);
}

bool give_back_pages(void* start, size_t size) {
    return !memory_confined() &&
           !sys::failed(sys::advise(start, size & ~(kPageSize - 1), MADV_DONTNEED));
}

void* map_shared_pages(size_t size) {
    if (memory_confined()) return nullptr;
    void* start = sys::map(size, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE);
    if (start != nullptr) note_range(reinterpret_cast<uint64_t>(start), size);
    return start;
}

void note_own_range(const void* start, size_t size) {
    note_range(reinterpret_cast<uint64_t>(start), size);
}

uint32_t own_range_count() {
    return range_count.load(std::memory_order_acquire);
}

OwnRange own_range(uint32_t index) {
    return {ranges[index].start.load(std::memory_order_relaxed),
            ranges[index].size.load(std::memory_order_acquire)};
}

bool own_ranges_complete() {
    return !ranges_lost.load(std::memory_order_relaxed);
}

}  // namespace heapdrift
