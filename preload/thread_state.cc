#include "preload/thread_state.h"

#include <sys/prctl.h>

#include "preload/page_memory.h"
#include "preload/syscalls.h"

namespace heapdrift {
namespace {

void name_row(ThreadRow& row) {
    if (!memory_confined()) sys::call(SYS_prctl, PR_GET_NAME, sys::address(row.name));
}

}  // namespace

void ThreadRegistry::open_row(ThreadState& state) {
    state.row = &state.private_row;
    if (file_->control().thread_count.load(std::memory_order_relaxed) >=
        SessionFile::kMaxThreadRows - 1)
        return;
    const Numbered<ThreadRow> added = file_->add_thread();
    if (added.record == nullptr) return;
    ThreadRow& row = *added.record;
    row.table = raw(state.counters.id());
    row.started_ns = file_->since_start_ns();
    name_row(row);
    // Release: pairs with the reader's acquire of tid.
    row.tid.store(memory_confined() ? ~uint32_t{0} : sys::tid(), std::memory_order_release);
    state.row = &row;
}

ThreadState* ThreadRegistry::adopt() {
    // Acquire: pairs with the release in retire; what the last thread left is seen.
    uint64_t head = free_.load(std::memory_order_acquire);
    while (static_cast<uint32_t>(head) != 0) {
        ThreadState* state =
            states_[static_cast<uint32_t>(head) - 1].load(std::memory_order_acquire);
        const uint64_t next = ((head >> 32) + 1) << 32 | state->next_free;
        if (free_.compare_exchange_weak(head, next, std::memory_order_acquire)) return state;
    }
    return nullptr;
}

ThreadState* ThreadRegistry::create() {
    auto* state = static_cast<ThreadState*>(map_pages(sizeof(ThreadState)));
    if (state == nullptr) return nullptr;
    const uint32_t index = count_.fetch_add(1, std::memory_order_relaxed);
    if (index >= kMaxStates) {
        count_.fetch_sub(1, std::memory_order_relaxed);
        unmap_pages(state, sizeof(ThreadState));
        return nullptr;
    }
    // Counters and recent stacks, which a few dozen operations come to have touched.
    constexpr size_t kTouchedSoon = 10 * kPageSize;
    static_assert(kTouchedSoon < sizeof(ThreadState));
    touch_pages(state, kTouchedSoon);
    state->index = index;
    state->counters.open(*file_, TableId{index});
    state->until_look = 1;
    states_[index].store(state, std::memory_order_release);
    Control& control = file_->control();
    control.table_count.fetch_add(1, std::memory_order_relaxed);
    control.own_bytes.fetch_add(sizeof(ThreadState) / 2, std::memory_order_relaxed);
    return state;
}

ThreadState* ThreadRegistry::attach(ThreadRow* row) {
    ThreadState* state = adopt();
    if (state == nullptr) state = create();
    if (state == nullptr) return nullptr;
    state->destructor_rounds = 0;
    state->last_allocated = 0;
    state->stack.forget();
    if (row != nullptr)
        state->row = row;
    else
        open_row(*state);
    return state;
}

void ThreadRegistry::retire(ThreadState* state) {
    // The name at the end: most programs name a thread only after it has started.
    name_row(*state->row);
    state->row->ended_ns.store(file_->since_start_ns(), std::memory_order_relaxed);
    uint64_t head = free_.load(std::memory_order_relaxed);
    do state->next_free = static_cast<uint32_t>(head);
    while (!free_.compare_exchange_weak(head, (head & ~uint64_t{0xffffffff}) | (state->index + 1),
                                        std::memory_order_release, std::memory_order_relaxed));
}

void ThreadRegistry::forget() {
    const uint32_t count = count_.load(std::memory_order_relaxed);
    for (uint32_t i = 0; i < count && i < kMaxStates; ++i) {
        ThreadState* state = states_[i].load(std::memory_order_relaxed);
        if (state != nullptr) {
            state->counters.close();
            unmap_pages(state, sizeof(ThreadState));
        }
        states_[i].store(nullptr, std::memory_order_relaxed);
    }
    count_.store(0, std::memory_order_relaxed);
    free_.store(0, std::memory_order_relaxed);
}

}  // namespace heapdrift
