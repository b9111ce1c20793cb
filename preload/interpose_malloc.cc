// The malloc family. Each hook forwards, then records (a deallocation is recorded first). Frees of
// unknown blocks are forwarded like all others: they may be older than the recorder.
#include <errno.h>

#include "preload/interpose.h"
#include "preload/operation.h"

using namespace heapdrift;

namespace {

// Requests too small for their own slot of the block table are rounded up; see NextAllocator.
size_t asked(size_t size) {
    return size < next.smallest ? next.smallest : size;
}

// Bootstrap memory is handed out while the thread is busy with looking functions up: then nothing
// is recorded.
void* recorded(void* block, size_t size, const StartState& caller) {
    if (block != nullptr) [[likely]]
        record_allocation(address_of(block), size, caller);
    return block;
}

// malloc and free are nearly all of a program's calls: where nothing is unusual about the process
// the recorder's work is inline in these two.
[[gnu::noinline]] void* allocate_exactly(size_t size) {
    void* block = next.malloc(size);
    if (block != nullptr) [[likely]]
        record_allocation_inline<Domain::heap, Path::ordinary>(
            address_of(block), size, start_state_of_caller(), Origin::fresh);
    return block;
}

[[gnu::noinline]] void release_exactly(void* block) {
    if (block == nullptr || is_bootstrap(block)) return;
    // glibc reads the size that stands before the block: it comes while we look our record up.
    __builtin_prefetch(static_cast<const char*>(block) - sizeof(size_t), 1);
    record_deallocation_inline<Domain::heap, Path::ordinary>(address_of(block));
    next.free(block);
}

[[gnu::noinline]] void* allocate(size_t size) {
    void* block;
    if (next_is_glibc()) [[likely]] {
        block = next.malloc(size);
    } else {
        const AllocatorScope scope;
        block = next.malloc(asked(size));
    }
    if (block != nullptr) [[likely]]
        record_allocation_inline<Domain::heap, Path::any>(address_of(block), size,
                                                          start_state_of_caller(), Origin::fresh);
    return block;
}

[[gnu::noinline]] void* allocate_zeroed(size_t count, size_t size) {
    void* block;
    {
        const AllocatorScope scope;
        // Overflow is the allocator's to refuse; a small product fits any type.
        size_t bytes;
        const bool small = !__builtin_mul_overflow(count, size, &bytes) && bytes < next.smallest;
        block = small ? next.calloc(1, next.smallest) : next.calloc(count, size);
    }
    return recorded(block, count * size, start_state_of_caller());
}

[[gnu::noinline]] void release(void* block) {
    if (block == nullptr || is_bootstrap(block)) return;
    record_deallocation_inline<Domain::heap, Path::any>(address_of(block));
    if (next_is_glibc()) [[likely]]
        return next.free(block);
    const AllocatorScope scope;
    next.free(block);
}

void* reallocate(void* block, size_t size, const StartState& caller) {
    if (is_bootstrap(block)) {
        void* moved = next.malloc(asked(size));
        if (moved == nullptr) return nullptr;
        const size_t kept = bootstrap_size(block);
        __builtin_memcpy(moved, block, kept < size ? kept : size);
        return recorded(moved, size, caller);
    }
    if (block == nullptr) {
        void* fresh;
        {
            const AllocatorScope scope;
            fresh = next.realloc(nullptr, asked(size));
        }
        return recorded(fresh, size, caller);
    }
    const uint64_t address = address_of(block);
    // Out of the table before the call: once the allocator has let the old block go, another
    // thread may get it, and its record must not be taken for ours.
    const BlockRecord old = take_block(address);
    void* moved;
    {
        const AllocatorScope scope;
        // A size of 0 means "free" to glibc and is passed as it is.
        moved = next.realloc(block, size == 0 ? 0 : asked(size));
    }
    if (moved != nullptr) {
        count_deallocation(address, old);
        record_allocation(address_of(moved), size, caller, Domain::heap, Origin::reallocated);
    } else if (size == 0) {
        count_deallocation(address, old);
    } else {
        put_block_back(address, old);
    }
    return moved;
}

// In sampled mode nearly all blocks are none of ours. Asked at the head of a hook, which has no
// frame and goes on by a jump, to the allocator or to one of the functions above. These see the
// program as their caller: the preload library is always compiled with such jumps (-O2).
[[gnu::always_inline]] inline bool passes_by(size_t size, Ordinary ordinary = is_ordinary()) {
    return ordinary == Ordinary::sampled && Sampler::passes_by(size);
}
[[gnu::always_inline]] inline bool is_passed(const void* block, Ordinary ordinary = is_ordinary()) {
    return ordinary == Ordinary::sampled && !recorder.sampler.is_noted(address_of(block));
}

}  // namespace

HEAPDRIFT_EXPORT void* malloc(size_t size) {
    const Ordinary ordinary = is_ordinary();
    if (ordinary == Ordinary::exact) [[likely]]
        return allocate_exactly(size);
    if (passes_by(size, ordinary)) return next.malloc(size);
    return allocate(size);
}

HEAPDRIFT_EXPORT void* calloc(size_t count, size_t size) {
    size_t bytes;
    if (!__builtin_mul_overflow(count, size, &bytes) && passes_by(bytes))
        return next.calloc(count, size);
    return allocate_zeroed(count, size);
}

HEAPDRIFT_EXPORT void* realloc(void* block, size_t size) {
    if (is_passed(block) && Sampler::passes_by(size)) return next.realloc(block, size);
    return reallocate(block, size, start_state_of_caller());
}

// A library that is preloaded before us may have a realloc and no reallocarray (jemalloc): then the
// block is its own. The C library's reallocarray calls the first realloc, too.
HEAPDRIFT_EXPORT void* reallocarray(void* block, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return nullptr;
    }
    if (other_malloc_first) [[unlikely]]
        return realloc(block, bytes);
    return reallocate(block, bytes, start_state_of_caller());
}

HEAPDRIFT_EXPORT void free(void* block) {
    const Ordinary ordinary = is_ordinary();
    if (ordinary == Ordinary::exact) [[likely]]
        return release_exactly(block);
    if (is_passed(block, ordinary)) return next.free(block);
    release(block);
}

HEAPDRIFT_EXPORT int posix_memalign(void** block, size_t alignment, size_t size) {
    if (passes_by(size)) return next.posix_memalign(block, alignment, size);
    int error;
    {
        const AllocatorScope scope;
        error = next.posix_memalign(block, alignment, asked(size));
    }
    if (error == 0) recorded(*block, size, start_state_of_caller());
    return error;
}

HEAPDRIFT_EXPORT void* aligned_alloc(size_t alignment, size_t size) {
    if (passes_by(size)) return next.aligned_alloc(alignment, size);
    void* block;
    {
        const AllocatorScope scope;
        block = next.aligned_alloc(alignment, asked(size));
    }
    return recorded(block, size, start_state_of_caller());
}

HEAPDRIFT_EXPORT void* memalign(size_t alignment, size_t size) {
    if (passes_by(size)) return next.memalign(alignment, size);
    void* block;
    {
        const AllocatorScope scope;
        block = next.memalign(alignment, asked(size));
    }
    return recorded(block, size, start_state_of_caller());
}

HEAPDRIFT_EXPORT void* valloc(size_t size) {
    void* block;
    {
        const AllocatorScope scope;
        block = next.valloc(asked(size));
    }
    return recorded(block, size, start_state_of_caller());
}

HEAPDRIFT_EXPORT void* pvalloc(size_t size) {
    void* block;
    {
        const AllocatorScope scope;
        block = next.pvalloc(asked(size));
    }
    return recorded(block, size, start_state_of_caller());
}

HEAPDRIFT_EXPORT size_t malloc_usable_size(void* block) {
    return is_bootstrap(block) ? bootstrap_size(block) : next.malloc_usable_size(block);
}
