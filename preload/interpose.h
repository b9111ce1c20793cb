// What all hooks share.
#pragma once

#include <cstddef>
#include <cstdint>

#include "preload/next_allocator.h"
#include "preload/recorder.h"
#include "preload/thread_local.h"
#include "preload/unwind/stack_walk.h"

#define HEAPDRIFT_EXPORT extern "C" __attribute__((visibility("default")))

namespace heapdrift {

inline uint64_t address_of(const void* pointer) {
    return reinterpret_cast<uint64_t>(pointer);
}

// While the real allocator runs, mappings are its own and not the program's. Not restored but
// cleared: a call that throws leaves it set until the next one.
class AllocatorScope {
public:
    AllocatorScope() { tls.in_allocator = true; }
    ~AllocatorScope() { tls.in_allocator = false; }
    AllocatorScope(const AllocatorScope&) = delete;
    AllocatorScope& operator=(const AllocatorScope&) = delete;
};

}  // namespace heapdrift
