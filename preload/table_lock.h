// The lock of a table that is not on the path of malloc and free. Never held across a call of the
// program's or of the driver's.
#pragma once

#include <atomic>

#include "preload/page_memory.h"
#include "preload/syscalls.h"

namespace heapdrift {

// Gives up after a while: a holder that a signal handler jumped out of never lets go.
class TableLock {
public:
    explicit TableLock(std::atomic<bool>& locked) : locked_(locked) {
        constexpr int kTries = 10'000;
        for (int i = 0; i < kTries; ++i) {
            // Acquire and release make what one holder wrote visible to the next.
            held_ = !locked_.exchange(true, std::memory_order_acquire);
            if (held_) return;
            if (!memory_confined()) sys::call(SYS_sched_yield);
        }
    }
    ~TableLock() {
        if (held_) locked_.store(false, std::memory_order_release);
    }
    TableLock(const TableLock&) = delete;
    TableLock& operator=(const TableLock&) = delete;

    bool held() const { return held_; }
    // Leaves it locked.
    void keep() { held_ = false; }

private:
    std::atomic<bool>& locked_;
    bool held_ = false;
};

}  // namespace heapdrift
