// All signals of this thread wait: a handler is the program's, and may leave by siglongjmp.
#pragma once

#include <signal.h>

#include <cstdint>

#include "preload/syscalls.h"

namespace heapdrift {

class SignalsBlocked {
public:
    // Not where the program confined itself: it may be killed for the call.
    explicit SignalsBlocked(bool wanted = true) : wanted_(wanted) {
        if (!wanted) return;
        const uint64_t all = ~uint64_t{0};
        sys::call(SYS_rt_sigprocmask, SIG_BLOCK, sys::address(&all), sys::address(&before_),
                  sizeof(before_));
    }
    ~SignalsBlocked() {
        if (!wanted_) return;
        sys::call(SYS_rt_sigprocmask, SIG_SETMASK, sys::address(&before_), 0, sizeof(before_));
    }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

private:
    bool wanted_;
    uint64_t before_ = 0;
};

}  // namespace heapdrift
