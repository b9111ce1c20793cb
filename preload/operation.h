// One operation of a thread on its state: what every hook does between the program and the real
// allocator. All of it that is not rare is inline, and in malloc and free themselves.
#pragma once

#include "preload/lifecycle.h"
#include "preload/recorder.h"
#include "preload/snapshot_clock.h"
#include "preload/stack_verifier.h"
#include "preload/thread_local.h"

namespace heapdrift {

[[gnu::cold]] void drop(Drop reason);

// Single writer, so no atomic addition; but one instruction, where a load and a store would be
// three. ThreadSanitizer must see what it is.
inline void add(Shared<uint64_t>& counter, uint64_t amount) {
#ifdef __SANITIZE_THREAD__
    counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
#else
    asm("addq %1, %0" : "+m"(counter) : "er"(amount));
#endif
}

// The stretch in which this thread works on its state. state() is nullptr when nothing can be
// recorded: off, inside a signal handler that interrupted us, or without memory.
class Operation {
public:
    [[gnu::always_inline]] Operation() {
        const auto here = reinterpret_cast<uint64_t>(__builtin_dwarf_cfa());
        if (tls.busy != Busy::no) [[unlikely]]
            if (is_reentrant(here)) return;
        tls.busy_stack = here;
        tls.busy = Busy::recording;
        // Keeps the compiler from moving the recorder's work out of the marked stretch; the only
        // observer is a signal handler on the same thread.
        std::atomic_signal_fence(std::memory_order_seq_cst);
        entered_ = true;
        state_ = tls.state;
        if (state_ == nullptr || !is_recording()) [[unlikely]]
            state_ = enter_slow();
    }
    [[gnu::always_inline]] ~Operation() {
        if (!entered_) [[unlikely]]
            return;
        if (tls.ended) [[unlikely]]
            leave_ended(state_);
        std::atomic_signal_fence(std::memory_order_seq_cst);
        tls.busy = Busy::no;
    }
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;

    ThreadState* state() const { return state_; }
    [[gnu::always_inline]] SiteId find_site(const StartState& caller, Domain domain) const {
        if (recorder.options.verify != 0) [[unlikely]]
            return find_verified_site(state_->stack, caller, domain);
        return state_->stack.site(caller, domain, static_cast<uint32_t>(recorder.options.depth),
                                  recorder.sites, recorder.modules);
    }

private:
    // Whether a hook that finds its thread busy was called by a signal handler that interrupted us.
    // here: the hook's frame.
    [[gnu::cold]] static bool is_reentrant(uint64_t here);
    [[gnu::cold]] static ThreadState* enter_slow();
    [[gnu::cold]] static void leave_ended(ThreadState* state);

    ThreadState* state_ = nullptr;
    bool entered_ = false;
};

// When the operation happens. Acquire: pairs with the release in open_snapshot.
[[gnu::always_inline]] inline uint64_t present_moment() {
    return recorder.file.control().moment.load(std::memory_order_acquire);
}

template <Domain domain>
[[gnu::always_inline]] inline BlockTable& table_of() {
    return domain == Domain::custom ? recorder.custom_blocks : recorder.blocks;
}

// Counts an allocation of a site; the block table knows it already.
[[gnu::always_inline]] inline void count_allocation(ThreadState& state, Cell& cell,
                                                    const Weight& weight, Origin origin) {
    add(cell.allocations, weight.count);
    add(cell.allocated_bytes, weight.bytes);
    if (!weight.exact) [[unlikely]] {
        // See core/README.md: what these two hold in sampled mode.
        add(cell.temporary, weight.variance);
        add(cell.reallocations, weight.variance);
    } else if (origin == Origin::reallocated) {
        add(cell.reallocations, 1);
    }
    add(state.row->allocations, weight.count);
    add(state.row->allocated_bytes, weight.bytes);
    count_operation(state);
}

// Counts that a block is gone.
template <Domain domain>
[[gnu::always_inline]] inline void count_gone(ThreadState& state, const BlockRecord& record,
                                              bool temporary) {
    const uint64_t moment = present_moment();
    Cell* cell = state.counters.touch(record.site, epoch_of(moment));
    if (cell == nullptr) [[unlikely]]
        return drop(Drop::no_space);
    const Weight weight = recorder.sampler.weigh(record.size);
    add(cell->deallocations, weight.count);
    add(cell->deallocated_bytes, weight.bytes);
    if (!weight.exact) [[unlikely]]
        add(cell->reallocations, -weight.variance);
    else if (temporary)
        add(cell->temporary, 1);
    if (record.generation != generation_of(moment)) [[unlikely]]
        state.counters.count_aged(*cell, record.site, record.generation, moment, weight.count,
                                  weight.bytes);
    add(state.row->deallocations, weight.count);
    if (domain == Domain::heap) add_balance(state, -static_cast<int64_t>(weight.bytes));
}

// The thread gives a block back, whose record has been taken out of its table.
template <Domain domain>
[[gnu::always_inline]] inline void count_deallocated(ThreadState& state, uint64_t address,
                                                     const BlockRecord& record) {
    tls.last_released = address;
    if (record.watched) [[unlikely]] {
        recorder.modules.note_unload(address);
        if (record.site == kWatchOnly) return;
    }
    const bool temporary = state.last_allocated == address;
    if (temporary) state.last_allocated = 0;
    count_gone<domain>(state, record, temporary);
    count_operation(state);
}

// What the loader allocates is recorded even while the program has paused recording: by the end of
// such a block we notice that a module was unloaded.
inline bool is_paused(const StartState& caller) {
    return recorder.paused.load(std::memory_order_relaxed) &&
           (caller.pc < recorder.loader_start || caller.pc >= recorder.loader_end);
}

// A block was freed behind our back: another appeared where it was.
template <Domain domain>
[[gnu::cold]] void count_missed(ThreadState& state, uint64_t address, const BlockRecord& record);
// A block that is not in the table is freed.
[[gnu::cold]] void note_unknown(uint64_t address);

// record_allocation and record_deallocation of recorder.h, for the domains that have blocks.
template <Domain domain>
[[gnu::always_inline]] inline void record_allocation_inline(uint64_t address, uint64_t size,
                                                            const StartState& caller,
                                                            Origin origin) {
    tls.last_recorded = address;
    if (!recorder.sampler.takes(size)) return;
    const Operation operation;
    ThreadState* state = operation.state();
    if (state == nullptr || is_paused(caller)) [[unlikely]]
        return;
    if (address >= BlockTable::kHighestAddress) [[unlikely]]
        return drop(Drop::high_address);
    const SiteId site = operation.find_site(caller, domain);
    const uint64_t moment = present_moment();
    Cell* cell = raw(site) == 0 ? nullptr : state->counters.touch(site, epoch_of(moment));
    if (cell == nullptr) [[unlikely]]
        return drop(Drop::no_space);
    BlockTable& blocks = table_of<domain>();
    const BlockRecord record{site, generation_of(moment), size, false};
    if (!blocks.put_ordinary(address, record)) [[unlikely]] {
        const BlockTable::Put put = blocks.put(address, record);
        if (raw(put.replaced.site) != 0) count_missed<domain>(*state, address, put.replaced);
        if (!put.done) return drop(Drop::no_space);
    }
    const Weight weight = recorder.sampler.weigh(size);
    if (!weight.exact) [[unlikely]]
        recorder.sampler.note(address);
    state->last_allocated = address;
    count_allocation(*state, *cell, weight, origin);
    if (domain == Domain::heap) add_balance(*state, static_cast<int64_t>(weight.bytes));
}

template <Domain domain>
[[gnu::always_inline]] inline void record_deallocation_inline(uint64_t address) {
    if (!recorder.sampler.may_hold(address)) return;
    const Operation operation;
    if (operation.state() == nullptr || address >= BlockTable::kHighestAddress) [[unlikely]]
        return;
    BlockTable& blocks = table_of<domain>();
    BlockRecord record;
    if (!blocks.take_ordinary(address, record)) [[unlikely]]
        record = blocks.take(address);
    if (raw(record.site) != 0) [[likely]] {
        recorder.sampler.forget(address);
        count_deallocated<domain>(*operation.state(), address, record);
    } else if (domain == Domain::heap) {
        note_unknown(address);
    }
}

}  // namespace heapdrift
