// A new process by the bare system call: no atfork handlers, no libc locks, no SIGCHLD.
#pragma once

#include <cstdint>

namespace heapdrift::scan {

// The child calls function(argument) on the stack that ends at `top`, a multiple of 16, and exits.
// Returns its pid, or a negative errno. No signal is raised when it ends, and no wait finds it that
// does not ask for such children (__WALL).
long spawn(unsigned long flags, void* top, void (*function)(void*), void* argument);

// Waits for the child's end. Returns false when it did not end within so many ns, then it goes on.
bool wait_for(long pid, uint64_t patience_ns);
// The same without waiting. A child that somebody else has waited for has ended, too.
bool has_ended(long pid);
// Ends it if it has not. One that the kernel holds fast is waited for a tenth of a second.
void kill_and_wait(long pid);
void sleep_ns(uint64_t time_ns);

}  // namespace heapdrift::scan
