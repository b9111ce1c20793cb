#include "preload/scan/spawn.h"

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "preload/syscalls.h"
#include "preload/vdso_clock.h"

namespace heapdrift::scan {

long spawn(unsigned long flags, void* top, void (*function)(void*), void* argument) {
    auto* words = static_cast<uint64_t*>(top);
    *--words = reinterpret_cast<uint64_t>(argument);
    *--words = reinterpret_cast<uint64_t>(function);
    long result;
    register long r10 asm("r10") = 0;
    register long r8 asm("r8") = 0;
    asm volatile(
        "syscall\n\t"
        "testq %%rax, %%rax\n\t"
        "jnz 1f\n\t"
        "xorl %%ebp, %%ebp\n\t"
        "popq %%rax\n\t"
        "popq %%rdi\n\t"
        "callq *%%rax\n\t"
        "movl %[exit], %%eax\n\t"
        "xorl %%edi, %%edi\n\t"
        "syscall\n\t"
        "hlt\n"
        "1:"
        : "=a"(result)
        : "a"(SYS_clone), "D"(flags | CLONE_UNTRACED), "S"(words), "d"(0), "r"(r10),
          "r"(r8), [exit] "i"(SYS_exit_group)
        : "rcx", "r11", "memory");
    return result;
}

void sleep_ns(uint64_t time_ns) {
    const timespec pause{static_cast<time_t>(time_ns / 1'000'000'000),
                         static_cast<long>(time_ns % 1'000'000'000)};
    sys::call(SYS_nanosleep, sys::address(&pause), 0);
}

bool has_ended(long pid) {
    int status = 0;
    return sys::call(SYS_wait4, pid, sys::address(&status), __WALL | WNOHANG) != 0;
}

bool wait_for(long pid, uint64_t patience_ns) {
    constexpr uint64_t kLongestPause = 5'000'000;
    const uint64_t until = monotonic_ns() + patience_ns;
    for (uint64_t pause = 50'000; !has_ended(pid); pause += pause / 2) {
        if (monotonic_ns() > until) return false;
        sleep_ns(pause < kLongestPause ? pause : kLongestPause);
    }
    return true;
}

void kill_and_wait(long pid) {
    if (has_ended(pid)) return;
    sys::call(SYS_kill, pid, SIGKILL);
    constexpr uint64_t kPatienceNs = 100'000'000;
    wait_for(pid, kPatienceNs);
}

}  // namespace heapdrift::scan
