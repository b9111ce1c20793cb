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
    // Whether a fork child's recording begins with it, or it may be kept aside: first_operations.h.
    enum class Start : uint8_t { now, may_wait };

    // ordinary: known from is_ordinary(), in exact mode.
    [[gnu::always_inline]] explicit Operation(bool ordinary = false, Start start = Start::now) {
        const auto here = reinterpret_cast<uint64_t>(__builtin_dwarf_cfa());
        if (tls.busy != Busy::no) [[unlikely]]
            if (is_reentrant(here)) return;
        tls.busy_stack = here;
        tls.busy = Busy::recording;
        // Keeps the compiler from moving the recorder's work out of the marked stretch; the only
        // observer is a signal handler on the same thread.
        std::atomic_signal_fence(std::memory_order_seq_cst);
        state_ = tls.state;
        if (state_ == nullptr || (!ordinary && !is_recording())) [[unlikely]]
            state_ = enter_slow(start);
    }
    [[gnu::always_inline]] ~Operation() {
        if (state_ == nullptr) [[unlikely]]
            return;
        if (tls.ended) [[unlikely]]
            leave_ended(state_);
        std::atomic_signal_fence(std::memory_order_seq_cst);
        tls.busy = Busy::no;
    }
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;

    ThreadState* state() const { return state_; }
    [[gnu::always_inline]] SiteId find_site(const StartState& caller, Domain domain,
                                            bool ordinary = false) const {
        if (!ordinary && recorder.options.verify != 0) [[unlikely]]
            return find_verified_site(*state_, caller, domain);
        return state_->stack.site(caller, domain, static_cast<uint32_t>(recorder.options.depth),
                                  recorder.sites, recorder.modules, state_->counters);
    }

private:
    // Whether a hook that finds its thread busy was called by a signal handler that interrupted us.
    // here: the hook's frame.
    [[gnu::cold]] static bool is_reentrant(uint64_t here);
    // The thread is not marked any more when this returns nullptr.
    [[gnu::cold]] static ThreadState* enter_slow(Start start);
    [[gnu::cold]] static void leave_ended(ThreadState* state);

    ThreadState* state_ = nullptr;
};

// Whether the calling thread has a state now, or got one; for a process that records.
bool attach_thread();

// When the operation happens. Acquire: pairs with the release in open_snapshot.
[[gnu::always_inline]] inline uint64_t present_moment() {
    return recorder.file.control().moment.load(std::memory_order_acquire);
}

// Which code an operation runs: what malloc and free do inline in an ordinary process in exact
// mode, or what serves every case. The one decision is at the head.
enum class Path : uint8_t { ordinary, any };
inline constexpr uint32_t kOrdinaryShift = BlockTable::shift_of(32);  // of glibc's blocks

template <Path path>
[[gnu::always_inline]] inline Weight weigh(uint64_t size) {
    return path == Path::ordinary ? Weight{1, size, 0, true} : recorder.sampler.weigh(size);
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
template <Domain domain, Path path>
[[gnu::always_inline]] inline void count_gone(ThreadState& state, const BlockRecord& record,
                                              bool temporary) {
    const uint64_t moment = present_moment();
    Cell* cell = state.counters.touch(record.site, epoch_of(moment));
    if (cell == nullptr) [[unlikely]]
        return drop(Drop::no_space);
    const Weight weight = weigh<path>(record.size);
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
template <Domain domain, Path path>
[[gnu::always_inline]] inline void count_deallocated(ThreadState& state, uint64_t address,
                                                     const BlockRecord& record) {
    tls.last_released = address;
    if (record.watched) [[unlikely]] {
        recorder.modules.note_unload(address);
        if (record.site == kWatchOnly) return;
    }
    const bool temporary = state.last_allocated == address;
    if (temporary) state.last_allocated = 0;
    count_gone<domain, path>(state, record, temporary);
    count_operation(state);
}

// What the loader allocates is recorded even while the program has paused recording: by the end of
// such a block we notice that a module was unloaded.
inline bool is_paused(const StartState& caller) {
    return recorder.paused.load(std::memory_order_relaxed) &&
           (caller.pc < recorder.loader_start || caller.pc >= recorder.loader_end);
}

// A block that is not in the table is freed.
[[gnu::cold]] void note_unknown(uint64_t address);

// Where the table's short ways do not serve. False: dropped and counted.
template <Domain domain>
[[gnu::noinline]] bool enter_block(ThreadState& state, uint64_t address, SiteId site,
                                   uint32_t generation, uint64_t size);
template <Domain domain>
[[gnu::noinline]] void release_block(ThreadState& state, uint64_t address);
// Of blocks of the heap, where there is no state to record with: kept aside in a fork child, and a
// deallocation is recorded after all while the thread is Busy::asking.
[[gnu::cold]] void allocate_without_state(uint64_t address, uint64_t size, const StartState& caller,
                                          Origin origin);
[[gnu::cold]] void release_without_state(uint64_t address);
// The halves of realloc. False: nothing is kept aside.
[[gnu::cold]] bool take_without_state(uint64_t address);
[[gnu::cold]] void put_back_without_state(uint64_t address);

// record_allocation and record_deallocation of recorder.h, for the domains that have blocks.
template <Domain domain, Path path>
[[gnu::always_inline]] inline void record_allocation_inline(uint64_t address, uint64_t size,
                                                            const StartState& caller,
                                                            Origin origin) {
    constexpr bool ordinary = path == Path::ordinary;
    tls.last_recorded = address;
    if (!ordinary && !recorder.sampler.takes(size)) return;
    constexpr bool may_wait = !ordinary && domain == Domain::heap;
    const Operation operation(ordinary,
                              may_wait ? Operation::Start::may_wait : Operation::Start::now);
    ThreadState* state = operation.state();
    if (may_wait && state == nullptr) [[unlikely]]
        return allocate_without_state(address, size, caller, origin);
    if (state == nullptr || (!ordinary && is_paused(caller))) [[unlikely]]
        return;
    // Ahead of the capture: where many blocks live, the slot is in no cache.
    BlockTable::Slot* slot =
        ordinary ? recorder.blocks.fetch_slot(address, kOrdinaryShift) : nullptr;
    const SiteId site = operation.find_site(caller, domain, ordinary);
    const uint64_t moment = present_moment();
    Cell* cell = raw(site) == 0 ? nullptr : state->counters.touch(site, epoch_of(moment));
    if (cell == nullptr) [[unlikely]]
        return drop(Drop::no_space);
    if (!ordinary || !recorder.blocks.put_ordinary(slot, address, site, generation_of(moment), size,
                                                   kOrdinaryShift))
        if (!enter_block<domain>(*state, address, site, generation_of(moment), size)) [[unlikely]]
            return;
    const Weight weight = weigh<path>(size);
    if (!weight.exact) [[unlikely]]
        recorder.sampler.note(address);
    state->last_allocated = address;
    count_allocation(*state, *cell, weight, origin);
    if (domain == Domain::heap) add_balance(*state, static_cast<int64_t>(weight.bytes));
}

template <Domain domain, Path path>
[[gnu::always_inline]] inline void record_deallocation_inline(uint64_t address) {
    constexpr bool ordinary = path == Path::ordinary;
    if (!ordinary && !recorder.sampler.may_hold(address)) return;
    constexpr bool may_wait = !ordinary && domain == Domain::heap;
    const Operation operation(ordinary,
                              may_wait ? Operation::Start::may_wait : Operation::Start::now);
    if (operation.state() == nullptr) [[unlikely]]
        return release_without_state(address);
    BlockRecord record;
    if (!ordinary || !recorder.blocks.take_ordinary(address, record, kOrdinaryShift)) [[unlikely]]
        return release_block<domain>(*operation.state(), address);
    count_deallocated<domain, path>(*operation.state(), address, record);
}

}  // namespace heapdrift
