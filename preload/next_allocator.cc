#include "preload/next_allocator.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>

#include <atomic>

#include "preload/large_table.h"
#include "preload/message.h"
#include "preload/next_loader.h"
#include "preload/recorder.h"
#include "preload/text.h"
#include "preload/thread_local.h"

namespace heapdrift {

HEAPDRIFT_LARGE_TABLE alignas(64) constinit uint8_t bootstrap_memory[kBootstrapSize] = {};

namespace {

// --- while dlsym runs ----------------------------------------------------------------------------

constinit std::atomic<size_t> bootstrap_used{0};
constexpr size_t kBootstrapHeader = 16;  // the block's size, and the alignment of malloc

void* bootstrap_allocate(size_t size) {
    if (size > sizeof(bootstrap_memory)) return nullptr;
    const size_t taken = kBootstrapHeader + ((size + 15) & ~size_t{15});
    const size_t at = bootstrap_used.fetch_add(taken, std::memory_order_relaxed);
    if (at + taken > sizeof(bootstrap_memory)) return nullptr;
    *reinterpret_cast<size_t*>(bootstrap_memory + at) = size;
    void* block = bootstrap_memory + at + kBootstrapHeader;
    recorder.sampler.note_for_ever(reinterpret_cast<uint64_t>(block));
    return block;
}

// True in the thread that is looking functions up.
bool resolving() {
    return tls.busy == Busy::internal;
}

void* resolve_malloc(size_t size) {
    if (resolving()) return bootstrap_allocate(size);
    find_next_allocator();
    return next.malloc(size);
}

void* resolve_calloc(size_t count, size_t size) {
    size_t bytes;
    if (resolving())
        return __builtin_mul_overflow(count, size, &bytes) ? nullptr : bootstrap_allocate(bytes);
    find_next_allocator();
    return next.calloc(count, size);
}

void* resolve_realloc(void* block, size_t size) {
    if (resolving()) {
        void* moved = bootstrap_allocate(size);
        const size_t kept = block == nullptr ? 0 : bootstrap_size(block);
        if (moved != nullptr) __builtin_memcpy(moved, block, kept < size ? kept : size);
        return moved;
    }
    find_next_allocator();
    return next.realloc(block, size);
}

void resolve_free(void* block) {
    if (resolving()) return;
    find_next_allocator();
    next.free(block);
}

int resolve_posix_memalign(void** block, size_t alignment, size_t size) {
    if (resolving()) return ENOMEM;
    find_next_allocator();
    return next.posix_memalign(block, alignment, size);
}

void* resolve_aligned_alloc(size_t alignment, size_t size) {
    if (resolving()) return nullptr;
    find_next_allocator();
    return next.aligned_alloc(alignment, size);
}

void* resolve_memalign(size_t alignment, size_t size) {
    if (resolving()) return nullptr;
    find_next_allocator();
    return next.memalign(alignment, size);
}

void* resolve_valloc(size_t size) {
    if (resolving()) return nullptr;
    find_next_allocator();
    return next.valloc(size);
}

void* resolve_pvalloc(size_t size) {
    if (resolving()) return nullptr;
    find_next_allocator();
    return next.pvalloc(size);
}

size_t resolve_malloc_usable_size(void* block) {
    if (resolving()) return 0;
    find_next_allocator();
    return next.malloc_usable_size(block);
}

template <typename Function>
void look_up(Function*& function, const char* name) {
    if (void* found = find_next(name)) function = reinterpret_cast<Function*>(found);
}

// glibc's blocks are at least 32 bytes apart, and its free and malloc_usable_size agree with what
// was asked for; of any other allocator we assume no more than 16.
bool is_glibc(void* function) {
    dl_find_object found{};
    return _dl_find_object(function, &found) == 0 &&
           text_contains(found.dlfo_link_map->l_name, "libc.so.6");
}

}  // namespace

constinit NextAllocator next = {resolve_malloc,
                                resolve_calloc,
                                resolve_realloc,
                                resolve_free,
                                resolve_posix_memalign,
                                resolve_aligned_alloc,
                                resolve_memalign,
                                resolve_valloc,
                                resolve_pvalloc,
                                resolve_malloc_usable_size,
                                0,
                                32};

void* find_next(const char* name) {
    const BusyScope looking(next.malloc == resolve_malloc ? Busy::internal : Busy::asking);
    return heapdrift_next_dlsym(RTLD_NEXT, name);
}

void find_next_allocator() {
    NextAllocator found = next;
    look_up(found.malloc, "malloc");
    look_up(found.calloc, "calloc");
    look_up(found.realloc, "realloc");
    look_up(found.free, "free");
    look_up(found.posix_memalign, "posix_memalign");
    look_up(found.aligned_alloc, "aligned_alloc");
    look_up(found.memalign, "memalign");
    look_up(found.valloc, "valloc");
    look_up(found.pvalloc, "pvalloc");
    look_up(found.malloc_usable_size, "malloc_usable_size");
    if (!is_glibc(reinterpret_cast<void*>(found.malloc))) {
        found.smallest = 16;
        found.spacing = 16;
    }
    if (found.malloc == resolve_malloc) {
        say(Message() << "no malloc found behind the recorder; cannot run");
        __builtin_trap();
    }
    next = found;
}

bool next_allocator_known() {
    return next.malloc != resolve_malloc;
}

size_t bootstrap_size(const void* block) {
    return *reinterpret_cast<const size_t*>(static_cast<const uint8_t*>(block) - kBootstrapHeader);
}

}  // namespace heapdrift
