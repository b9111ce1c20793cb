#include "preload/operation.h"

#include <signal.h>

#include "preload/page_memory.h"
#include "preload/signals_blocked.h"
#include "preload/syscalls.h"
#include "preload/thread_exit.h"

namespace heapdrift {
namespace {

// A handler may have jumped out of the recorder (a timeout, or a stack overflow caught on an
// alternate stack, left by siglongjmp): then the stack on which it was busy is gone, while we run
// at least as far out on the same stack. Not so in a handler on an alternate stack, wherever that
// lies.
bool stale_busy(uint64_t here) {
    if (tls.busy != Busy::recording || memory_confined()) return false;
    if (here < tls.busy_stack) return false;
    // Both on the thread's own stack. (A handler's stack with SS_AUTODISARM is not told by the
    // kernel, but mostly lies elsewhere.)
    StackBounds bounds;
    if (!bounds.covers(tls.busy_stack) || here >= bounds.top()) return false;
    stack_t alternate{};
    return !sys::failed(sys::call(SYS_sigaltstack, 0, sys::address(&alternate))) &&
           (alternate.ss_flags & SS_ONSTACK) == 0;
}

}  // namespace

void drop(Drop reason) {
    recorder.file.control().dropped[static_cast<uint32_t>(reason)].fetch_add(
        1, std::memory_order_relaxed);
}

bool Operation::is_reentrant(uint64_t here) {
    if (stale_busy(here)) {
        // What the thread was at is left half done: it is recorded or not, and what it remembers of
        // its stack is dropped.
        tls.busy = Busy::no;
        if (tls.state != nullptr) tls.state->stack.forget();
        return false;
    }
    if (tls.busy == Busy::recording && is_recording()) drop(Drop::reentrant);
    return true;
}

ThreadState* Operation::enter_slow(Start start) {
    const bool waits = start == Start::may_wait && keeps_first_operations();
    if (!waits && active() && attach_thread()) return tls.state;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    tls.busy = Busy::no;
    return nullptr;
}

bool attach_thread() {
    if (tls.state != nullptr) return true;
    // A handler that left in between by siglongjmp would leave a state that nobody has, and a timer
    // that is faster than this one after the other.
    const SignalsBlocked blocked(!memory_confined());
    tls.state = recorder.threads.attach(tls.ended ? tls.row : nullptr);
    if (tls.state == nullptr) {
        drop(Drop::thread_limit);
        return false;
    }
    tls.row = tls.state->row;
    tls.state->stack.set_scope(tls.scope());
    if (!tls.ended) attach_exit_notice(tls.state);
    return true;
}

// A thread whose exit handlers have run owns no state between its operations: nobody would tell us
// when it is gone.
void Operation::leave_ended(ThreadState* state) {
    recorder.threads.retire(state);
    tls.state = nullptr;
}

// An outer hook has recorded this deallocation already when an inner one finds nothing.
// In sampled mode, nor do most blocks have a record.
void note_unknown(uint64_t address) {
    if (tls.last_released != address && recorder.sampler.exact())
        recorder.file.control().unknown_deallocations.fetch_add(1, std::memory_order_relaxed);
}

void allocate_without_state(uint64_t address, uint64_t size, const StartState& caller,
                            Origin origin) {
    FirstOperations* first = first_operations();
    if (first == nullptr) return;
    {
        const BusyScope recording(Busy::recording);
        if (first->keep_allocation(address, size, caller, origin)) return;
    }
    first->end();
    record_allocation(address, size, caller, Domain::heap, origin);
}

bool take_without_state(uint64_t address) {
    FirstOperations* first = first_operations();
    if (first == nullptr) return false;
    const BusyScope recording(Busy::recording);
    if (first->keep_deallocation(address)) return true;
    first->end();
    return false;
}

void put_back_without_state(uint64_t address) {
    if (FirstOperations* first = first_operations()) first->take_deallocation_back(address);
}

void release_without_state(uint64_t address) {
    if (tls.busy == Busy::asking) {
        tls.busy = Busy::no;
        record_deallocation_if_known(address);
        tls.busy = Busy::asking;
    } else if (first_operations() != nullptr && !take_without_state(address)) {
        record_deallocation(address);
    }
}

namespace {

template <Domain domain>
BlockTable& table_of() {
    return domain == Domain::custom ? recorder.custom_blocks : recorder.blocks;
}

// A block was freed behind our back: another appeared where it was.
template <Domain domain>
[[gnu::cold]] void count_missed(ThreadState& state, uint64_t address, const BlockRecord& record) {
    recorder.sampler.forget(address);
    count_gone<domain, Path::any>(state, record, false);
    recorder.file.control().missed_deallocations.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

template <Domain domain>
bool enter_block(ThreadState& state, uint64_t address, SiteId site, uint32_t generation,
                 uint64_t size) {
    if (address >= BlockTable::kHighestAddress) {
        drop(Drop::high_address);
        return false;
    }
    const BlockTable::Put put =
        table_of<domain>().put(address, BlockRecord{site, generation, size, false});
    if (raw(put.replaced.site) != 0) count_missed<domain>(state, address, put.replaced);
    if (!put.done) drop(Drop::no_space);
    return put.done;
}
template bool enter_block<Domain::heap>(ThreadState&, uint64_t, SiteId, uint32_t, uint64_t);
template bool enter_block<Domain::custom>(ThreadState&, uint64_t, SiteId, uint32_t, uint64_t);

template <Domain domain>
void release_block(ThreadState& state, uint64_t address) {
    if (address >= BlockTable::kHighestAddress) return;
    const BlockRecord record = table_of<domain>().take(address);
    if (raw(record.site) != 0) {
        recorder.sampler.forget(address);
        count_deallocated<domain, Path::any>(state, address, record);
    } else if (domain == Domain::heap) {
        note_unknown(address);
    }
}
template void release_block<Domain::heap>(ThreadState&, uint64_t);
template void release_block<Domain::custom>(ThreadState&, uint64_t);

}  // namespace heapdrift
