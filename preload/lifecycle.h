// When recording happens: from the process's first allocation to its end, in each process image
// anew. preload/README.md draws the states.
#pragma once

#include <atomic>
#include <cstdint>

#include "preload/first_operations.h"

namespace heapdrift {

struct ThreadState;

enum class ProcessState : uint32_t {
    fresh = 0,  // nothing recorded yet: the process just started, or is a fork child
    recording = 1,
    off = 2,
};

// Whether nothing is unusual about a process that records: glibc's allocator is behind us, and in
// exact mode it is not paused and has no stacks to verify. What the hooks do inline is made for
// these cases alone.
enum class Ordinary : uint8_t { no = 0, exact = 1, sampled = 2 };

struct Process {
    std::atomic<ProcessState> state;
    std::atomic<Ordinary> ordinary;
    FirstOperations first;
};
// Lies in a page that reads as zero, that is fresh, in every fork child, however it was made. A
// vfork child shares the parent's memory and so is the parent.
// Hidden: it is known to lie in this library, so that its address is not looked up.
[[gnu::visibility("hidden")]] extern constinit Process* process;

inline bool is_recording() {
    return process->state.load(std::memory_order_relaxed) == ProcessState::recording;
}
inline Ordinary is_ordinary() {
    return process->ordinary.load(std::memory_order_relaxed);
}
// To be called when what is_ordinary depends on has changed.
void settle_ordinary();

// Whether the program's malloc is another library's, or its own: ours is not called. Known when our
// constructor has run.
extern bool other_malloc_first;

// Whether operations are to be recorded. Starts recording in a fresh process: then what threads
// knew, a parent's, is gone.
bool activate_slow();
inline bool active() {
    return is_recording() || activate_slow();
}

// Whether operations of this process are kept aside; and where, nullptr if this one is not to be.
bool keeps_first_operations();
FirstOperations* first_operations();

// Seen from hooks of the process's ways to end. frame: from where outwards the stack is in use.
void note_exit_began(int status, const void* frame);
void finish_recording();  // marks the session as ended by exit; harmless in a vfork child
// From the hooks that see a seccomp filter put in place: no system call of ours from now on, or
// again when the attempt failed.
enum class Confinement : uint8_t { none, filtered, strict };
// Returns what was in force before, to be put back when the attempt failed.
Confinement note_confined(Confinement confinement);

}  // namespace heapdrift
