// The clock, read in the vdso: no system call, which a seccomp filter could answer with death, and
// no libc function, which the program may have replaced (libfaketime). Falls back to the call where
// the kernel offers no vdso.
#pragma once

#include <cstdint>

namespace heapdrift {

// CLOCK_MONOTONIC.
uint64_t monotonic_ns();
// CLOCK_REALTIME.
uint64_t realtime_ns();
// CLOCK_MONOTONIC at the resolution of the kernel's tick, some ms, for a few ns.
uint64_t monotonic_coarse_ns();

// From now on, or no longer, all clocks stand still: under strict seccomp the processor's time
// stamp counter, which the vdso reads, is as deadly as a system call.
void set_clocks_frozen(bool frozen);

}  // namespace heapdrift
