// The few words that the recorder keeps in thread-local storage. Initial-exec: one access relative
// to the thread pointer, never __tls_get_addr, which may allocate.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/session_format.h"

namespace heapdrift {

struct ThreadState;

enum class Busy : uint8_t {
    no = 0,
    recording = 1,  // inside the recorder: a signal handler's allocations are counted as dropped
    internal = 2,   // inside a libc call of our own: what it allocates is not the program's
    // The same, while the thread's state is in order: what the call frees may be the program's, and
    // is recorded. (The loader frees at the next call what an earlier one has left.)
    asking = 3,
};

struct ThreadLocal {
    ThreadState* state;      // nullptr until the thread's first operation, and when it ended
    ThreadRow* row;          // its row, when it ended: it may still allocate
    uint64_t last_recorded;  // address that an allocation hook entered last
    uint64_t last_released;  // address whose deallocation was recorded last
    uint64_t busy_stack;     // stack pointer of the outermost BusyScope; see stale_busy
    uint64_t until_sample;   // bytes to be allocated until the next block is recorded; see Sampler
    uint64_t random;         // state of the sampler's random numbers; 0: not yet seeded
    Busy busy;
    bool ended;         // the thread's exit handlers have run
    bool in_allocator;  // inside the real allocator: mappings are its own
    bool in_driver;     // inside a call of the program to the CUDA driver
    // Of heapdrift.h, see scopes.h: what the thread's stacks belong to.
    Scope mark;             // the innermost mark that is open, or kNoScope
    uint16_t ignore_depth;  // how many heapdrift_ignore_begin wait for their end

    Scope scope() const { return ignore_depth > 0 ? kIgnoredScope : mark; }
};

extern constinit thread_local ThreadLocal tls;

// Marks the thread as inside the recorder. The fences keep the compiler from moving recorder code
// out of the marked stretch; the only observer is a signal handler on the same thread.
class BusyScope {
public:
    explicit BusyScope(Busy busy) : before_(tls.busy) {
        if (before_ == Busy::no)
            tls.busy_stack = reinterpret_cast<uint64_t>(__builtin_frame_address(0));
        // Where a signal handler has interrupted the recorder the state is not in order.
        tls.busy = busy == Busy::asking && before_ != Busy::no ? Busy::internal : busy;
        std::atomic_signal_fence(std::memory_order_seq_cst);
    }
    ~BusyScope() {
        std::atomic_signal_fence(std::memory_order_seq_cst);
        tls.busy = before_;
    }
    BusyScope(const BusyScope&) = delete;
    BusyScope& operator=(const BusyScope&) = delete;

private:
    Busy before_;
};

}  // namespace heapdrift
