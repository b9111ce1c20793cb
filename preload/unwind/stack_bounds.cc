#include "preload/unwind/stack_bounds.h"

#include <atomic>

#include "preload/syscalls.h"
#include "preload/unwind/memory_probe.h"

// Set by the loader before anything runs: the stack pointer with which the process was entered.
extern "C" void* __libc_stack_end;

namespace heapdrift {
namespace {

// The kernel leaves at least this much between the process's stack and the area of mmap, whatever
// the limit of the stack is. So what is nearer to the top than this can only be the stack.
constexpr uint64_t kProcessStackGap = uint64_t{128} << 20;

// How far below the known part a stack pointer may lie to be on the same stack, and how many pages
// one walk looks at to find out: at 0.1 to 0.2 µs each, a few ten µs. The next goes on from there.
constexpr uint64_t kMaxThreadStack = uint64_t{1} << 30;
constexpr uint32_t kProbesPerWalk = 256;

// The main thread's descriptor lies elsewhere: in memory of the loader. Relaxed: one word, written
// by the main thread alone. In a child forked by another thread, tid and pid agree although the
// thread has a stack with its descriptor on top; mostly the parent's main thread has come by
// before. Otherwise that thread's stack is probed at each walk, which is only slower.
constinit std::atomic<uint64_t> main_thread_pointer{0};

bool is_main_thread(uint64_t thread_pointer) {
    const uint64_t known = main_thread_pointer.load(std::memory_order_relaxed);
    if (known != 0) return known == thread_pointer;
    if (sys::tid() != sys::pid()) return false;
    main_thread_pointer.store(thread_pointer, std::memory_order_relaxed);
    return true;
}

}  // namespace

void StackBounds::bind() {
    const uint64_t own_thread_pointer = thread_pointer();
    if (is_main_thread(own_thread_pointer)) {
        top_ = reinterpret_cast<uint64_t>(__libc_stack_end) & ~uint64_t{7};
        low_ = top_ - kProcessStackGap;
        bottom_found_ = true;
    } else {
        top_ = own_thread_pointer & ~uint64_t{7};
        low_ = page_of(top_);
        bottom_found_ = false;
    }
}

// A thread's stack is one mapping from its descriptor down to a guard page. So whatever can be
// reached downwards from what is known, page by page without a gap, is on it. (A stack that the
// program itself supplied need not have a guard page, and then memory next to it is taken for a
// part of it. That matters only if a coroutine ran there, the memory in between was unmapped since,
// and a damaged chain of frames leads from below the hole into it.)
bool StackBounds::extend_slow(uint64_t address) {
    if (top_ == 0) bind();
    if (address - low_ < top_ - low_) return true;
    if (bottom_found_ || address >= top_ || top_ - address > kMaxThreadStack) return false;
    for (uint32_t i = 0; i < kProbesPerWalk && address < low_; ++i) {
        if (!page_is_readable(low_ - kProbePageSize)) {
            bottom_found_ = true;
            break;
        }
        low_ -= kProbePageSize;
    }
    return address >= low_;
}

}  // namespace heapdrift
