// System calls without libc: errno belongs to the program, and a hook may run where it must not
// be touched. Results are as the kernel gives them: negative errno on failure.
#pragma once

#include <sys/syscall.h>

#include <cstdint>

namespace heapdrift {

inline long raw_syscall(long number, uint64_t a = 0, uint64_t b = 0, uint64_t c = 0, uint64_t d = 0,
                        uint64_t e = 0, uint64_t f = 0) {
    long result;
    register uint64_t fourth asm("r10") = d;
    register uint64_t fifth asm("r8") = e;
    register uint64_t sixth asm("r9") = f;
    asm volatile("syscall"
                 : "=a"(result)
                 : "0"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
                 : "rcx", "r11", "memory");
    return result;
}

inline bool syscall_failed(long result) {
    return result < 0 && result >= -4095;
}

}  // namespace heapdrift
