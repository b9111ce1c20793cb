#include "preload/memory_session.h"

#include <linux/membarrier.h>

#include "preload/lifecycle.h"
#include "preload/page_memory.h"
#include "preload/recorder.h"
#include "preload/signals_blocked.h"
#include "preload/syscalls.h"
#include "preload/thread_local.h"

namespace heapdrift {
namespace {

// Descendants that live longer can be looked at from outside, however little they allocate.
constexpr uint64_t kLongestInMemoryNs = 1'000'000'000;
// How often a thread lets others run before it does without: some tens of milliseconds at least.
constexpr int kPatience = 10'000;

// The thread that records alone. Lives as long as the session is in memory: when the thread ends,
// it makes the file.
constinit ThreadLocal* owner = nullptr;

bool make_file() {
    const SignalsBlocked blocked;
    const bool moved = recorder.file.move_to_file();
    // A vfork child leaves it to its parent.
    if (!moved && recorder.file.header().identity.pid == sys::pid()) give_up();
    return moved;
}

bool is_at_work(const ThreadLocal& thread) {
    const auto busy = static_cast<Busy>(
        __atomic_load_n(reinterpret_cast<const uint8_t*>(&thread.busy), __ATOMIC_ACQUIRE));
    return busy != Busy::no && busy != Busy::waiting;
}

bool make_file_for_owner() {
    const SignalsBlocked blocked;
    ProcessState expected = ProcessState::recording;
    if (!process->state.compare_exchange_strong(expected, ProcessState::moving)) {
        wait_while_moving();
        return is_recording() && !recorder.file.in_memory();
    }
    bool failed = false;
    const bool fenced = sys::call(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0;
    for (int i = 0; fenced && !failed && recorder.file.in_memory() && i < kPatience; ++i) {
        if (is_at_work(*owner))
            sys::call(SYS_sched_yield);
        else
            failed = !recorder.file.move_to_file();
    }
    if (failed) {
        give_up();
        return false;
    }
    // Release: whoever waits finds the file in its place.
    process->state.store(ProcessState::recording, std::memory_order_release);
    settle_ordinary();
    return !recorder.file.in_memory();
}

}  // namespace

void own_memory_session() {
    owner = &tls;
}

bool leave_memory() {
    if (!recorder.file.in_memory()) return true;
    if (owner != &tls) return make_file_for_owner();
    if (!make_file()) return false;
    settle_ordinary();
    return true;
}

void leave_memory_if_due(const ThreadState& state, uint64_t now_ns) {
    const uint64_t bytes = state.row->allocated_bytes.load(std::memory_order_relaxed);
    if (bytes >= recorder.options.min_descendant || now_ns > kLongestInMemoryNs) leave_memory();
}

bool may_record_too() {
    return owner == &tls || leave_memory();
}

void wait_while_moving() {
    if (process->state.load(std::memory_order_relaxed) != ProcessState::moving) return;
    const BusyScope waiting(Busy::waiting);
    // Acquire: pairs with the release above.
    while (process->state.load(std::memory_order_acquire) == ProcessState::moving)
        sys::call(SYS_sched_yield);
}

}  // namespace heapdrift
