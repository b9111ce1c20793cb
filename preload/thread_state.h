// What the recorder keeps of a thread, and the register of all threads.
//
// A thread's state holds its table of counters, so it outlives the thread: retired, it waits for
// the next thread that appears, which adopts it. The registry takes no lock.
#pragma once

#include <atomic>
#include <cstdint>

#include "preload/call_stack.h"
#include "preload/counter_table.h"

namespace heapdrift {

struct ThreadState {
    CounterTable counters;
    ThreadRow* row;  // in the session file; private_row when there is no space for one
    ThreadRow private_row;

    uint64_t last_allocated;  // address of the thread's latest block: freed next, it is temporary

    // Live bytes added by this thread that the process's sum does not know yet; see
    // snapshot_clock.cc.
    int64_t balance;
    int64_t balance_high;

    // Operations until the clock is looked at again; see snapshot_clock.cc.
    uint32_t until_look;
    uint32_t look_after;       // what that was when it was set
    uint32_t tick_operations;  // since the coarse clock moved, up to the last look
    uint64_t looked_ns;        // by the coarse clock, since start

    uint32_t index;      // in the registry
    uint32_t next_free;  // index + 1 of the next retired state; 0 for none
    uint32_t destructor_rounds;
    CallStack stack;
};

class ThreadRegistry {
public:
    // Before anything else.
    void open(SessionFile& file) { file_ = &file; }

    // A state for a thread that appears, with a new row (or `row`, where the thread had one
    // before). nullptr when there is no memory or too many threads live at once.
    ThreadState* attach(ThreadRow* row);
    // The thread ends or pauses: the state may be adopted at once.
    void retire(ThreadState* state);

    // Whether at most one thread was ever attached at a time: sums need no atomic addition then.
    bool single() const { return count_.load(std::memory_order_relaxed) <= 1; }
    uint32_t count() const { return count_.load(std::memory_order_relaxed); }

    void forget();

private:
    static constexpr uint32_t kMaxStates = 1u << 16;

    ThreadState* adopt();
    ThreadState* create();
    void open_row(ThreadState& state);

    SessionFile* file_ = nullptr;
    std::atomic<uint32_t> count_{0};
    // Retired states, a stack: low half index + 1 of the top, high half a tag that changes with
    // each pop, so that a top that came back is not taken for one that never left.
    std::atomic<uint64_t> free_{0};
    std::atomic<ThreadState*> states_[kMaxStates] = {};
};

}  // namespace heapdrift
