#include "preload/recorder.h"

#include <signal.h>

#include "preload/lifecycle.h"
#include "preload/page_memory.h"
#include "preload/snapshot_clock.h"
#include "preload/syscalls.h"
#include "preload/thread_local.h"

namespace heapdrift {

constinit Recorder recorder;
constinit thread_local ThreadLocal tls __attribute__((tls_model("initial-exec"))) = {};

namespace {

void drop(Drop reason) {
    recorder.file.control().dropped[static_cast<uint32_t>(reason)].fetch_add(
        1, std::memory_order_relaxed);
}

// Single writer: a load and a store, no atomic addition.
void add(Shared<uint64_t>& counter, uint64_t amount) {
    counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

ThreadState* attach_slow() {
    ThreadState* state = recorder.threads.attach(tls.ended ? tls.row : nullptr);
    if (state == nullptr) {
        drop(Drop::thread_limit);
        return nullptr;
    }
    tls.state = state;
    tls.row = state->row;
    if (!tls.ended) attach_exit_notice(state);
    return state;
}

// A handler may have jumped out of the recorder (a stack overflow caught on an alternate stack and
// left by siglongjmp): then the stack on which it was busy is gone, while we run further out on the
// same stack. Not so in a handler on an alternate stack, wherever that lies.
bool stale_busy() {
    if (tls.busy != Busy::recording || memory_confined()) return false;
    const auto here = reinterpret_cast<uint64_t>(__builtin_frame_address(0));
    if (here <= tls.busy_stack) return false;
    // Both on the thread's own stack. (A handler's stack with SS_AUTODISARM is not told by the
    // kernel, but mostly lies elsewhere.)
    StackBounds bounds;
    if (!bounds.covers(tls.busy_stack) || here >= bounds.top()) return false;
    stack_t alternate{};
    return !sys::failed(sys::call(SYS_sigaltstack, 0, sys::address(&alternate))) &&
           (alternate.ss_flags & SS_ONSTACK) == 0;
}

// What the thread was at is left half done: it is recorded or not, and what it remembers of its
// stack is dropped.
void recover() {
    tls.busy = Busy::no;
    if (tls.state != nullptr) tls.state->stack.forget();
}

// The stretch in which this thread works on its state. state() is nullptr when nothing can be
// recorded: off, inside a signal handler that interrupted us, or without memory.
class Operation {
public:
    Operation() : busy_(busy_after_recovery()) {
        if (busy_.before() != Busy::no) {
            if (busy_.before() == Busy::recording &&
                process_state->load(std::memory_order_relaxed) == ProcessState::recording)
                drop(Drop::reentrant);
            return;
        }
        if (!active()) return;
        state_ = tls.state != nullptr ? tls.state : attach_slow();
        // Acquire: pairs with the release in open_snapshot.
        if (state_ != nullptr)
            epoch_ = recorder.file.control().epoch.load(std::memory_order_acquire);
    }
    // A thread whose exit handlers have run owns no state between its operations: nobody would
    // tell us when it is gone.
    ~Operation() {
        if (state_ != nullptr && tls.ended) [[unlikely]] {
            recorder.threads.retire(state_);
            tls.state = nullptr;
        }
    }
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;

    ThreadState* state() const { return state_; }
    Cell* touch(SiteId site) const { return state_->counters.touch(site, epoch_); }

private:
    static Busy busy_after_recovery() {
        if (tls.busy != Busy::no && stale_busy()) [[unlikely]]
            recover();
        return Busy::recording;
    }

    BusyScope busy_;
    ThreadState* state_ = nullptr;
    uint32_t epoch_ = 0;
};

void count_gone(const Operation& operation, const BlockRecord& record, Domain domain,
                bool temporary) {
    Cell* cell = operation.touch(record.site);
    if (cell == nullptr) {
        drop(Drop::no_space);
        return;
    }
    add(cell->deallocations, 1);
    add(cell->deallocated_bytes, record.size);
    if (temporary) add(cell->temporary, 1);
    ThreadState& state = *operation.state();
    add(state.row->deallocations, 1);
    if (domain == Domain::heap) add_balance(state, -static_cast<int64_t>(record.size));
}

void count_missed(const Operation& operation, const BlockRecord& record, Domain domain) {
    count_gone(operation, record, domain, false);
    recorder.file.control().missed_deallocations.fetch_add(1, std::memory_order_relaxed);
}

// Counts an allocation of a site; the block table knows it already.
void count_allocation(const Operation& operation, Cell& cell, uint64_t size, Origin origin) {
    add(cell.allocations, 1);
    add(cell.allocated_bytes, size);
    if (origin == Origin::reallocated) add(cell.reallocations, 1);
    ThreadState& state = *operation.state();
    add(state.row->allocations, 1);
    add(state.row->allocated_bytes, size);
    count_operation(state);
}

BlockTable& table_of(Domain domain) {
    return domain == Domain::custom ? recorder.custom_blocks : recorder.blocks;
}

// What the loader allocates is recorded even while the program has paused recording: by the end of
// such a block we notice that a module was unloaded.
bool is_paused(const StartState& caller) {
    return recorder.paused.load(std::memory_order_relaxed) &&
           (caller.pc < recorder.loader_start || caller.pc >= recorder.loader_end);
}

SiteId find_site(const Operation& operation, const StartState& caller, Domain domain) {
    return operation.state()->stack.site(caller, domain,
                                         static_cast<uint32_t>(recorder.options.depth),
                                         recorder.sites, recorder.modules);
}

void count_piece(const Operation& operation, const Unmapped& piece) {
    Cell* cell = operation.touch(piece.site);
    if (cell == nullptr) {
        drop(Drop::no_space);
        return;
    }
    add(cell->deallocated_bytes, piece.end - piece.start);
    if (piece.last) {
        add(cell->deallocations, 1);
        add(operation.state()->row->deallocations, 1);
    }
}

}  // namespace

void record_allocation(uint64_t address, uint64_t size, const StartState& caller, Domain domain,
                       Origin origin) {
    const Operation operation;
    ThreadState* state = operation.state();
    if (state == nullptr || is_paused(caller)) return;
    tls.last_recorded = address;
    if (address >= BlockTable::kHighestAddress) {
        drop(Drop::high_address);
        return;
    }
    const SiteId site = find_site(operation, caller, domain);
    Cell* cell = raw(site) == 0 ? nullptr : operation.touch(site);
    if (cell == nullptr) {
        drop(Drop::no_space);
        return;
    }
    BlockRecord old;
    const uint32_t generation = recorder.file.control().generation.load(std::memory_order_relaxed);
    const BlockTable::Put put = table_of(domain).put(address, {site, generation, size, false}, old);
    if (raw(old.site) != 0) count_missed(operation, old, domain);
    if (put == BlockTable::Put::failed) {
        drop(Drop::no_space);
        return;
    }
    state->last_allocated = address;
    count_allocation(operation, *cell, size, origin);
    if (domain == Domain::heap) add_balance(*state, static_cast<int64_t>(size));
}

BlockRecord take_block(uint64_t address) {
    if (address >= BlockTable::kHighestAddress || tls.busy != Busy::no || !active()) return {};
    BlockRecord record = recorder.blocks.take(address);
    // An outer hook has recorded this deallocation already when an inner one finds nothing.
    if (raw(record.site) == 0 && tls.last_released != address)
        recorder.file.control().unknown_deallocations.fetch_add(1, std::memory_order_relaxed);
    return record;
}

void count_deallocation(uint64_t address, const BlockRecord& record, Domain domain) {
    if (raw(record.site) == 0) return;
    const Operation operation;
    ThreadState* state = operation.state();
    if (state == nullptr) return;
    tls.last_released = address;
    if (record.watched) [[unlikely]]
        recorder.modules.note_unload(address);
    const bool temporary = state->last_allocated == address;
    if (temporary) state->last_allocated = 0;
    count_gone(operation, record, domain, temporary);
    count_operation(*state);
}

// Whether this thread is inside the recorder: then its record stays and shows as still live, which
// is counted.
static bool is_reentrant() {
    if (tls.busy != Busy::no && stale_busy()) recover();
    if (tls.busy == Busy::no) return false;
    if (tls.busy == Busy::recording &&
        process_state->load(std::memory_order_relaxed) == ProcessState::recording)
        drop(Drop::reentrant);
    return true;
}

void record_deallocation(uint64_t address, Domain domain) {
    if (is_reentrant()) return;
    if (domain == Domain::heap)
        count_deallocation(address, take_block(address));
    else if (active())
        count_deallocation(address, table_of(domain).take(address), domain);
}

void record_deallocation_if_known(uint64_t address) {
    if (is_reentrant() || !active() || address >= BlockTable::kHighestAddress) return;
    count_deallocation(address, recorder.blocks.take(address));
}

void put_block_back(uint64_t address, const BlockRecord& record) {
    if (raw(record.site) == 0) return;
    BlockRecord old;
    recorder.blocks.put(address, record, old);
}

void record_mapping(uint64_t start, uint64_t size, const StartState& caller) {
    const Operation operation;
    if (operation.state() == nullptr || recorder.paused.load(std::memory_order_relaxed)) return;
    const SiteId site = find_site(operation, caller, Domain::mapping);
    Cell* cell = raw(site) == 0 ? nullptr : operation.touch(site);
    if (cell == nullptr || !recorder.mappings.add(start, size, site)) {
        drop(Drop::no_space);
        return;
    }
    count_allocation(operation, *cell, size, Origin::fresh);
}

TakenMappings::TakenMappings(uint64_t start, uint64_t size) {
    if (size == 0) return;
    const Operation operation;
    if (operation.state() == nullptr) return;
    while (count_ < kMost) {
        const MappingTable::Removal removal =
            recorder.mappings.remove_one(start, size, pieces_[count_]);
        if (removal == MappingTable::Removal::busy) drop(Drop::no_space);
        if (removal != MappingTable::Removal::done) return;
        ++count_;
    }
    // One call over more mappings than are remembered: the rest is believed to go.
    Unmapped piece;
    while (recorder.mappings.remove_one(start, size, piece) == MappingTable::Removal::done)
        count_piece(operation, piece);
}

void TakenMappings::count_gone() {
    const Operation operation;
    if (operation.state() == nullptr) return;
    for (uint32_t i = 0; i < count_; ++i) count_piece(operation, pieces_[i]);
    count_operation(*operation.state());
}

void TakenMappings::put_back() {
    const Operation operation;
    if (operation.state() == nullptr) return;
    for (uint32_t i = 0; i < count_; ++i)
        if (!recorder.mappings.put_back(pieces_[i])) drop(Drop::no_space);
}

void Recorder::forget() {
    threads.forget();
    sites.forget();
    modules.forget();
    mappings.forget();
    file.forget();
    next_peak_bytes.store(0, std::memory_order_relaxed);
}

}  // namespace heapdrift
