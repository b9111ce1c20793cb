// The other threads of the process: who they are, and what is in their registers.
#pragma once

#include "preload/scan/context.h"

namespace heapdrift::scan {

// Enters the threads of the process but the caller, as unknown. False when they could not be found
// out. Needs context.threads.
bool list_threads(Context& context);

// In a helper process that shares the memory: stops them by ptrace, notes their registers, and lets
// them go. Where that is refused (a debugger is there, or the kernel forbids it) they stay unknown.
// A system call that they wait in goes on, but epoll_wait and a few others may end with EINTR, as
// after SIGSTOP and SIGCONT.
void stop_threads(Context& context);
void let_threads_go(const Context& context);

}  // namespace heapdrift::scan
