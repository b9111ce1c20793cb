// Scans of the process for blocks that nothing leads to any more. See README.md beside this file.
#pragma once

#include <cstdint>

namespace heapdrift::scan {

// In the function that a thread calls to end the process, before anything of it is undone: from its
// frame outwards the stack is in use, further in is only what ends the process. `frame`: the lowest
// address that counts.
void note_exit_frame(uint64_t frame);

// The same thread, if a scan at exit was asked for and the program has memory of CUDA's: what still
// leads to it. Destructors free the containers that have the pointers, but leave the memory to the
// driver, which may be gone before them.
void scan_devices_as_exit_begins();

// At the end of recording, if that was asked for. The process waits for the result.
void scan_at_exit();

// A thread looked at the clock: begins a scan that was requested, or goes on with one. The thread
// is held while a copy of the process is made.
bool wanted();
void go_on();

// The copy is made without part of the process's memory, as the program wished.
void note_memory_withheld();
// A live block was removed from the records, or never entered.
void note_unrecorded_blocks();

// Whom the program allows to trace it (PR_SET_PTRACER): a scan allows its helper for a moment, and
// puts this back.
void note_tracer_allowed(uint64_t tracer);

// In a fork child: no scan goes on, and none of the parent's blocks are known.
void forget();

}  // namespace heapdrift::scan
