// mmap, mremap and munmap called by the program: a domain of their own. Mappings that an allocator
// makes for itself are not the program's; the heap shows what they are used for.
#include <stdarg.h>
#include <sys/mman.h>

#include "preload/interpose.h"
#include "preload/scan/scan.h"
#include "preload/syscalls.h"

using namespace heapdrift;

namespace {

struct NextMapping {
    void* (*mmap)(void*, size_t, int, int, int, off_t);
    int (*munmap)(void*, size_t);
    void* (*mremap)(void*, size_t, size_t, int, ...);
    int (*madvise)(void*, size_t, int);
};
constinit NextMapping next_mapping = {};

const NextMapping& following() {
    if (next_mapping.madvise == nullptr) {
        next_mapping.mmap = reinterpret_cast<decltype(NextMapping::mmap)>(find_next("mmap"));
        next_mapping.munmap = reinterpret_cast<decltype(NextMapping::munmap)>(find_next("munmap"));
        next_mapping.mremap = reinterpret_cast<decltype(NextMapping::mremap)>(find_next("mremap"));
        next_mapping.madvise =
            reinterpret_cast<decltype(NextMapping::madvise)>(find_next("madvise"));
    }
    return next_mapping;
}

// glibc's own mappings never come this way. A signal handler that maps while another allocator runs
// cannot be told from that allocator.
bool of_program() {
    return (!tls.in_allocator || next_is_glibc()) && tls.busy < Busy::internal;
}

uint64_t whole_pages(size_t size) {
    return (static_cast<uint64_t>(size) + kPageSize - 1) & ~uint64_t{kPageSize - 1};
}

void* map(void* wanted, size_t size, int protection, int flags, int fd, off_t offset,
          const StartState& caller) {
    const bool ours = of_program();
    // A fixed mapping takes the place of what was there.
    const bool replaces = (flags & MAP_FIXED) != 0 && (flags & MAP_FIXED_NOREPLACE) == 0;
    void* start = following().mmap(wanted, size, protection, flags, fd, offset);
    if (start == MAP_FAILED || !ours) return start;
    if (replaces) TakenMappings(address_of(start), whole_pages(size)).count_gone();
    record_mapping(address_of(start), whole_pages(size), caller);
    return start;
}

}  // namespace

HEAPDRIFT_EXPORT void* mmap(void* wanted, size_t size, int protection, int flags, int fd,
                            off_t offset) {
    return map(wanted, size, protection, flags, fd, offset, start_state_of_caller());
}

HEAPDRIFT_EXPORT void* mmap64(void* wanted, size_t size, int protection, int flags, int fd,
                              off64_t offset) {
    return map(wanted, size, protection, flags, fd, offset, start_state_of_caller());
}

HEAPDRIFT_EXPORT int munmap(void* start, size_t size) {
    if (size == 0 || address_of(start) % kPageSize != 0 || !of_program())
        return following().munmap(start, size);
    TakenMappings taken(address_of(start), whole_pages(size));
    const int result = following().munmap(start, size);
    if (result == 0)
        taken.count_gone();
    else
        taken.put_back();
    return result;
}

HEAPDRIFT_EXPORT void* mremap(void* start, size_t old_size, size_t new_size, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    void* wanted = (flags & MREMAP_FIXED) != 0 ? va_arg(arguments, void*) : nullptr;
    va_end(arguments);
    const bool leaves = (flags & MREMAP_DONTUNMAP) == 0 && old_size != 0;
    const bool ours = of_program();
    TakenMappings taken(address_of(start), ours && leaves ? whole_pages(old_size) : 0);
    void* moved = (flags & MREMAP_FIXED) != 0
                      ? following().mremap(start, old_size, new_size, flags, wanted)
                      : following().mremap(start, old_size, new_size, flags);
    if (!ours) return moved;
    if (moved == MAP_FAILED) {
        taken.put_back();
        return moved;
    }
    taken.count_gone();
    if ((flags & MREMAP_FIXED) != 0)
        TakenMappings(address_of(moved), whole_pages(new_size)).count_gone();
    record_mapping(address_of(moved), whole_pages(new_size), start_state_of_caller());
    return moved;
}

// What a fork child does not get, neither does a scan's copy of the process.
HEAPDRIFT_EXPORT int madvise(void* start, size_t size, int advice) {
    if (advice == MADV_DONTFORK || advice == MADV_WIPEONFORK) scan::note_memory_withheld();
    return following().madvise(start, size, advice);
}
