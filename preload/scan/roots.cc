#include "preload/scan/roots.h"

#include <dlfcn.h>
#include <sys/uio.h>

#include "preload/next_allocator.h"
#include "preload/recorder.h"
#include "preload/scan/glibc_heap.h"
#include "preload/scan/word.h"
#include "preload/syscalls.h"
#include "preload/thread_local.h"

namespace heapdrift::scan {
namespace {

constexpr uint64_t kPage = 4096;
// struct pthread of glibc 2.36 has 2,304 bytes and begins at a multiple of 64.
constexpr uint64_t kDescriptorSize = 2304;
constexpr uint64_t kDescriptorAlignment = 64;
// Where it names the thread's number: since glibc 2.11. Believed only if the caller's own agrees.
constexpr uint64_t kTidOffset = 720;
constexpr size_t kCopySize = 64 * 1024;

bool module_range(const void* address, Range& range) {
    dl_find_object found{};
    if (_dl_find_object(const_cast<void*>(address), &found) != 0) return false;
    range = {reinterpret_cast<uint64_t>(found.dlfo_map_start),
             reinterpret_cast<uint64_t>(found.dlfo_map_end)};
    return true;
}

// The parts of [start, end) that are in none of the ranges, which ascend.
template <typename Visit>
void for_each_outside(const Array<Range>& ranges, uint64_t start, uint64_t end, Visit visit) {
    uint64_t next = first_behind(ranges, start);
    for (; next < ranges.count() && ranges[next].start < end; ++next) {
        if (ranges[next].start > start) visit(start, ranges[next].start);
        if (ranges[next].end > start) start = ranges[next].end;
    }
    if (start < end) visit(start, end);
}

void sort_ranges(Array<Range>& ranges) {
    sort(ranges, [](const Range& a, const Range& b) { return a.start < b.start; });
}

// How far a thread's words of ours lie from its thread pointer: the same in all threads.
uint64_t own_words_offset() {
    return reinterpret_cast<uint64_t>(&tls) - StackBounds::thread_pointer();
}

}  // namespace

bool Roots::exclude_own_memory() {
    for (uint32_t i = 0; i < own_range_count(); ++i) {
        const OwnRange range = own_range(i);
        if (range.size != 0) excluded_.add({range.start, range.start + range.size});
    }
    // What libc allocated for itself while it looked functions up is not ours.
    Range own{};
    if (module_range(&recorder, own)) {
        const auto bootstrap = reinterpret_cast<uint64_t>(bootstrap_memory);
        excluded_.add({own.start, bootstrap});
        excluded_.add({bootstrap + kBootstrapSize, own.end});
    }
    const uint64_t offset = own_words_offset();
    excluded_.add(
        {context_.caller_pointer + offset, context_.caller_pointer + offset + sizeof(ThreadLocal)});
    for (uint32_t i = 0; i < context_.thread_count; ++i)
        if (const Thread& thread = context_.threads[i]; thread.known && thread.pointer != 0)
            excluded_.add({thread.pointer + offset, thread.pointer + offset + sizeof(ThreadLocal)});
    sort_ranges(excluded_);
    return !excluded_.failed();
}

Roots::Descriptor Roots::describe(uint64_t address) const {
    Descriptor descriptor{address, true, false, false, 0};
    if (address == context_.caller_pointer) {
        descriptor.known = true;
        descriptor.sp = context_.caller_sp;
        return descriptor;
    }
    for (uint32_t i = 0; i < context_.thread_count; ++i)
        if (const Thread& thread = context_.threads[i]; thread.known && thread.pointer == address) {
            descriptor.known = true;
            descriptor.sp = thread.sp;
            return descriptor;
        }
    const auto tid_of = [](uint64_t pointer) {
        return *reinterpret_cast<const uint32_t*>(pointer + kTidOffset);
    };
    if (tid_of(context_.caller_pointer) != context_.caller_tid) return descriptor;
    const uint32_t tid = tid_of(address);
    // 0 was written by the kernel when the thread ended, -1 by whoever joined it.
    descriptor.live = tid != 0 && tid != ~uint32_t{0};
    uint32_t names_of_itself = 0;
    for (uint64_t at = address; at < address + kDescriptorSize; at += sizeof(uint64_t))
        names_of_itself += word_at(at) == address;
    // A detached thread names itself once more, as the one that joins it.
    descriptor.joined = !descriptor.live && (tid != 0 || names_of_itself > 2);
    return descriptor;
}

bool Roots::find_descriptors(const Mapping& mapping) {
    threads_.clear();
    PresentPages present;
    present.for_each(mapping.start, mapping.end, [&](uint64_t start, uint64_t end) {
        start = (start + kDescriptorAlignment - 1) & ~(kDescriptorAlignment - 1);
        for (uint64_t at = start; at + 24 <= end; at += kDescriptorAlignment)
            if (word_at(at) == at && word_at(at + 16) == at && at + kDescriptorSize <= mapping.end)
                threads_.add(describe(at));
    });
    return !threads_.failed();
}

// Of each stack in the mapping the part that is not in use. Only where the stack's lower end is
// known: a guard page lies before it, as glibc arranges.
bool Roots::cut_stacks(const Mapping& mapping) {
    const uint64_t offset = own_words_offset();
    uint64_t low = mapping.start;
    bool low_known = mapping.guarded;
    for (const Descriptor& descriptor : threads_) {
        const uint64_t top = descriptor.address;
        if (low_known && descriptor.live && descriptor.known && descriptor.sp >= low &&
            descriptor.sp < top)
            cut_.add({low, descriptor.sp & ~(sizeof(uint64_t) - 1)});
        if (low_known && !descriptor.live)
            cut_.add({low, descriptor.joined ? top + kDescriptorSize : top});
        else
            cut_.add({top + offset, top + offset + sizeof(ThreadLocal)});
        low = top + kDescriptorSize;
        low_known = false;
    }
    return !cut_.failed();
}

bool Roots::cut_arenas(const Mapping& mapping) {
    if (!next_is_glibc() || gaps_) return true;
    uint64_t at = (mapping.start + kArenaSize - 1) & ~(kArenaSize - 1);
    for (; at < mapping.end; at += kArenaSize)
        if (const uint64_t end = arena_end(at, mapping); end != 0) cut_.add({at, end});
    return !cut_.failed();
}

bool Roots::has_blocks(const Mapping& mapping) const {
    const uint64_t first = index_.first_from(mapping.start);
    return first < index_.blocks().count() && index_.blocks()[first].start() < mapping.end;
}

void Roots::search_part(uint64_t start, uint64_t end, Place place) {
    driver_.for_each_part(start, end, [&](uint64_t from, uint64_t to, bool of_driver) {
        marking_.search_root(from, to, place, of_driver);
    });
}

void Roots::search_outside_blocks(uint64_t start, uint64_t end, Place place) {
    for_each_outside(excluded_, start, end, [&](uint64_t from, uint64_t to) {
        for_each_outside(cut_, from, to, [&](uint64_t at, uint64_t stop) {
            uint64_t number = index_.first_from(at);
            if (number > 0 && index_.blocks()[number - 1].end() > at)
                at = index_.blocks()[number - 1].end();
            for (; number < index_.blocks().count(); ++number) {
                const Block& block = index_.blocks()[number];
                if (block.start() >= stop) break;
                if (block.start() > at) search_part(at, block.start(), place);
                at = block.end();
            }
            if (at < stop) search_part(at, stop, place);
        });
    });
}

// Of another allocator than glibc's, what lies between blocks cannot be told from freed ones. So
// where it has blocks, only what is known to be something else is searched.
void Roots::search_program_mappings(const Mapping& mapping) {
    recorder.mappings.for_each([&](uint64_t start, uint64_t end, SiteId) {
        if (start < mapping.start) start = mapping.start;
        if (end > mapping.end) end = mapping.end;
        if (start < end) search_outside_blocks(start, end, Place::ordinary);
    });
    constexpr uint64_t kThreadLocalStorage = 64 * 1024;
    for (const Descriptor& descriptor : threads_) {
        if (!descriptor.live) continue;
        uint64_t start = descriptor.address - kThreadLocalStorage;
        if (descriptor.known && descriptor.sp < start && descriptor.sp >= mapping.start)
            start = descriptor.sp;
        else if (!descriptor.known || start < mapping.start)
            start = mapping.start;
        search_outside_blocks(start, descriptor.address + kDescriptorSize, Place::ordinary);
    }
}

void Roots::search_anonymous(const Mapping& mapping) {
    cut_.clear();
    if (!find_descriptors(mapping) || !cut_stacks(mapping) || !cut_arenas(mapping)) return;
    sort_ranges(cut_);
    if (!next_is_glibc() && !gaps_ && has_blocks(mapping))
        search_program_mappings(mapping);
    else
        search_outside_blocks(mapping.start, mapping.end,
                              gaps_ ? Place::allocator : Place::ordinary);
    for (const Descriptor& descriptor : threads_) {
        // The vector of thread-local storage, which libc keeps for the next thread on that stack:
        // its second element's address.
        marking_.reach(word_at(descriptor.address + sizeof(uint64_t)));
        if (!descriptor.joined)
            marking_.search_root(descriptor.address, descriptor.address + kDescriptorSize,
                                 Place::descriptor);
    }
}

void Roots::search_process_stack(const Mapping& mapping) {
    uint64_t sp = context_.caller_sp;
    for (uint32_t i = 0; i < context_.thread_count; ++i)
        if (const Thread& thread = context_.threads[i]; thread.tid == context_.pid)
            sp = thread.known ? thread.sp : 0;
    // The main thread may run on a stack of the program's own.
    cut_.clear();
    search_outside_blocks(mapping.holds(sp) ? sp & ~uint64_t{7} : mapping.start, mapping.end,
                          Place::ordinary);
}

bool Roots::is_libc(const Mapping& mapping) const {
    Range libc{};
    return module_range(reinterpret_cast<const void*>(next.malloc), libc) &&
           mapping.start < libc.end && mapping.end > libc.start;
}

// By the kernel's hand: what lies behind the end of the file, or cannot be read any more, is an
// error and no fault.
void Roots::search_copied(uint64_t start, uint64_t end, Place place) {
    for (uint64_t at = start; at < end && !marking_.failed();) {
        const uint64_t size = end - at < kCopySize ? end - at : kCopySize;
        iovec local{copy_, size};
        iovec remote{reinterpret_cast<void*>(at), size};
        const long got = sys::call(SYS_process_vm_readv, sys::pid(), sys::address(&local), 1,
                                   sys::address(&remote), 1, 0);
        if (got > 0) {
            const uint64_t moved = reinterpret_cast<uint64_t>(copy_) - at;
            const uint64_t stop = at + static_cast<uint64_t>(got);
            driver_.for_each_part(at, stop, [&](uint64_t from, uint64_t to, bool of_driver) {
                marking_.search_root(from + moved, to + moved, place, of_driver);
            });
            at = stop;
            continue;
        }
        const uint64_t next_page = (at & ~(kPage - 1)) + kPage;
        skipped_bytes_ += (next_page < end ? next_page : end) - at;
        at = next_page;
    }
}

// To read a hole of shared memory is to fill it, for good. What was swapped out counts as a hole.
void Roots::search_shared(uint64_t start, uint64_t end) {
    constexpr uint64_t kPagesAtOnce = 256;
    uint8_t there[kPagesAtOnce];
    for (uint64_t at = start & ~(kPage - 1); at < end; at += kPagesAtOnce * kPage) {
        const uint64_t left = (end - at + kPage - 1) / kPage;
        const uint64_t pages = left < kPagesAtOnce ? left : kPagesAtOnce;
        if (sys::failed(sys::call(SYS_mincore, static_cast<long>(at),
                                  static_cast<long>(pages * kPage), sys::address(there)))) {
            skipped_bytes_ += pages * kPage;
            continue;
        }
        for (uint64_t i = 0; i < pages; ++i) {
            const uint64_t from = i;
            while (i < pages && (there[i] & 1) != 0) ++i;
            if (i > from) search_copied(at + from * kPage, at + i * kPage, Place::ordinary);
        }
    }
}

void Roots::search_file(const Mapping& mapping) {
    const Place place = is_libc(mapping) ? Place::allocator : Place::ordinary;
    for_each_outside(excluded_, mapping.start, mapping.end, [&](uint64_t from, uint64_t to) {
        if (mapping.shared)
            search_shared(from, to);
        else
            search_copied(from, to, place);
    });
}

bool Roots::search() {
    copy_ = map_pages(kCopySize);
    if (copy_ == nullptr || !exclude_own_memory()) return false;
    const auto registers = reinterpret_cast<uint64_t>(context_.registers);
    marking_.search_root(registers, registers + context_.register_count * sizeof(uint64_t),
                         Place::ordinary);
    // A stack that the program took from the heap is in use as a whole.
    marking_.reach(context_.caller_sp);
    for (uint32_t i = 0; i < context_.thread_count; ++i)
        if (context_.threads[i].known) marking_.reach(context_.threads[i].sp);
    for (const Mapping& mapping : map_.mappings()) {
        if (!mapping.readable) continue;
        switch (mapping.kind) {
            case Mapping::Kind::stack:
                search_process_stack(mapping);
                break;
            case Mapping::Kind::heap:
                cut_.clear();
                if (gaps_) search_outside_blocks(mapping.start, mapping.end, Place::allocator);
                break;
            case Mapping::Kind::anonymous:
                search_anonymous(mapping);
                break;
            case Mapping::Kind::file:
                if (mapping.writable) search_file(mapping);
                break;
            case Mapping::Kind::device:
                skipped_bytes_ += mapping.end - mapping.start;
                break;
            case Mapping::Kind::kernel:
                break;
        }
    }
    return !excluded_.failed() && !cut_.failed() && !threads_.failed();
}

}  // namespace heapdrift::scan
