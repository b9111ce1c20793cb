// The allocator that our hooks forward to: whatever comes behind us in the program's search order,
// libc's or a preloaded or linked replacement.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heapdrift {

// Each points at a resolver first, which looks all of them up on the first call of any.
struct NextAllocator {
    void* (*malloc)(size_t);
    void* (*calloc)(size_t, size_t);
    void* (*realloc)(void*, size_t);
    void (*free)(void*);
    int (*posix_memalign)(void**, size_t, size_t);
    void* (*aligned_alloc)(size_t, size_t);
    void* (*memalign)(size_t, size_t);
    void* (*valloc)(size_t);
    void* (*pvalloc)(size_t);
    size_t (*malloc_usable_size)(void*);
    // The smallest request passed on. An allocator that packs blocks closer than 16 bytes gets
    // smaller ones rounded up, so that each block has a slot of the block table to itself.
    size_t smallest;
    // The smallest distance between two of its blocks.
    uint64_t spacing;
};

[[gnu::visibility("hidden")]] extern constinit NextAllocator next;

// glibc's malloc: it takes any size as it is, and maps memory without coming by our hooks. False
// until the next allocator has been looked up.
inline bool next_is_glibc() {
    return next.spacing == 32;
}

// Looks the next allocator up, if that has not been done.
void find_next_allocator();
// Whether that was done, by this process or by the one that it was forked from.
bool next_allocator_known();

// Memory handed out while dlsym itself allocated. It is never reused: free ignores it, realloc
// copies out of it.
inline constexpr size_t kBootstrapSize = 64 * 1024;
[[gnu::visibility("hidden")]] extern uint8_t bootstrap_memory[kBootstrapSize];
inline bool is_bootstrap(const void* block) {
    return reinterpret_cast<uintptr_t>(block) - reinterpret_cast<uintptr_t>(bootstrap_memory) <
           kBootstrapSize;
}
size_t bootstrap_size(const void* block);

// The next definition of a function behind us; nullptr if there is none. In our own name, so that
// what it allocates is not the program's.
void* find_next(const char* name);

}  // namespace heapdrift
