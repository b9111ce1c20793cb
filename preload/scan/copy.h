// What the copy of the process does: finds the blocks that nothing leads to, and writes the result
// into the session file, which it shares with the process.
#pragma once

#include "preload/scan/context.h"

namespace heapdrift::scan {

// argument: a Context. The first function of the new process, which ends when it returns.
void run_copy(void* argument);

}  // namespace heapdrift::scan
