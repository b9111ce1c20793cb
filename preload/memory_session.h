// Of a session that lies in memory (SessionFile::in_memory) when its file is to be made, and how,
// when there are other threads.
//
// While it lies there, one thread records alone: the one in which recording began. It makes the
// file when the process has allocated so much that it leaves one, when it has lived for a while, or
// when it ends and something was lost. Another thread that is to record makes the file first:
//
//   the thread that records            the other one
//   busy = recording                   state: recording -> moving
//   reads state: recording, goes on    membarrier
//     or moving: busy = waiting        waits until busy = no, or waiting
//   busy = no                          makes the file; state: recording
//
// So a process that turns out to be more than a helper pays some hundred microseconds, once.
#pragma once

#include <cstdint>

namespace heapdrift {

struct ThreadState;

// From the thread in which recording has just begun.
void own_memory_session();

// From a thread inside an operation, or with BusyScope. True when the records are in a file now;
// else recording has been given up, or the other thread did not come to an end of its operation.
bool leave_memory();

// Now and then, from the thread that records.
void leave_memory_if_due(const ThreadState& state, uint64_t now_ns);

// Before another thread records: false when it cannot.
bool may_record_too();

// Returns at once in a process whose state is not ProcessState::moving.
void wait_while_moving();

}  // namespace heapdrift
