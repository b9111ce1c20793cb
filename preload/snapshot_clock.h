// What a thread does now and then between its operations: look at the clock, take the snapshot that
// is due, keep the high-water mark, return table memory that is not needed any more.
#pragma once

#include "preload/recorder.h"
#include "preload/thread_state.h"

namespace heapdrift {

// Counts an operation of this thread; now and then looks at the clock and takes the scheduled
// snapshot if it is due.
void look_at_clock(ThreadState& state);
inline void count_operation(ThreadState& state) {
    if (--state.until_look == 0) [[unlikely]]
        look_at_clock(state);
}

// Adds a change of live heap bytes to the thread's balance, which goes to the process's sum when
// it has moved by kBalanceSlack. With one thread the peak is exact.
inline constexpr int64_t kBalanceSlack = 4096;
void settle_balance(ThreadState& state);
int64_t live_heap_bytes(const Control& control);
inline void add_balance(ThreadState& state, int64_t change) {
    state.balance += change;
    if (state.balance > state.balance_high || state.balance < -kBalanceSlack) [[unlikely]]
        settle_balance(state);
}

}  // namespace heapdrift
