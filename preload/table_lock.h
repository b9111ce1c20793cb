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
        if (held_) release(locked_);
    }
    TableLock(const TableLock&) = delete;
    TableLock& operator=(const TableLock&) = delete;

    bool held() const { return held_; }
    // Locked until released, by this function. False when the lock was not to be had.
    static bool hold(std::atomic<bool>& locked) {
        TableLock lock(locked);
        const bool held = lock.held_;
        lock.held_ = false;
        return held;
    }
    static void release(std::atomic<bool>& locked) {
        locked.store(false, std::memory_order_release);
    }

private:
    std::atomic<bool>& locked_;
    bool held_ = false;
};

}  // namespace heapdrift
