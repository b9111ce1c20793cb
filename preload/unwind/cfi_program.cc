#include "preload/unwind/cfi_program.h"

#include <atomic>
#include <type_traits>

#include "preload/large_table.h"
#include "preload/unwind/cfi_machine.h"

namespace heapdrift {
namespace {

// Where the last long programs were left. A function of a thousand calls, such as one that fills a
// compiler's tables, is looked up for each of its return addresses, mostly in their order: run from
// the beginning each time, its program would cost a short process more than all else.
struct Checkpoints {
    static constexpr uint32_t kMost = 4;
    static constexpr uint64_t kLongProgram = 64;  // bytes

    // Bytes, so that all of it is zero at first: not a page is touched in a process without any.
    struct Entry {
        CfiMachine& machine() { return *reinterpret_cast<CfiMachine*>(bytes); }

        alignas(CfiMachine) uint8_t bytes[sizeof(CfiMachine)] = {};
        uint64_t generation = 0;
        bool used = false;
    };
    static_assert(std::is_trivially_copyable_v<CfiMachine>);

    Entry* find(const FrameDescription& description, uint64_t target, uint64_t generation) {
        for (Entry& entry : entries)
            if (entry.used && entry.generation == generation &&
                entry.machine().is_before(description, target))
                return &entry;
        return nullptr;
    }
    void keep(const CfiMachine& machine, uint64_t generation) {
        Entry& entry = entries[next++ % kMost];
        __builtin_memcpy(entry.bytes, &machine, sizeof(CfiMachine));
        entry.generation = generation;
        entry.used = true;
    }

    void forget() {
        for (Entry& entry : entries) entry.used = false;
    }

    // Whoever finds it set does without.
    std::atomic<bool> taken{false};
    uint32_t next = 0;
    Entry entries[kMost];
};

HEAPDRIFT_LARGE_TABLE constinit Checkpoints checkpoints;

UnwindRule rule_of(const CfiMachine& machine, const FrameDescription& description, uint64_t pc) {
    return make_rule(machine.state(), description.signal_frame, pc);
}

// For the holder of the checkpoints.
UnwindRule run_from_checkpoint(const FrameDescription& description, uint64_t pc, PcKind kind,
                               uint64_t generation) {
    const uint64_t target = lookup_address(pc, kind);
    if (Checkpoints::Entry* entry = checkpoints.find(description, target, generation)) {
        entry->used = entry->machine().go_on(target);
        return entry->used ? rule_of(entry->machine(), description, pc) : refused_rule();
    }
    CfiMachine machine;
    if (!machine.start(description, target)) return refused_rule();
    if (machine.passed_bytes() >= Checkpoints::kLongProgram) checkpoints.keep(machine, generation);
    return rule_of(machine, description, pc);
}

}  // namespace

UnwindRule run_cfi_program(const FrameDescription& description, uint64_t pc, PcKind kind) {
    CfiMachine machine;
    if (!machine.start(description, lookup_address(pc, kind))) return refused_rule();
    return rule_of(machine, description, pc);
}

UnwindRule run_loaded_cfi_program(const FrameDescription& description, uint64_t pc, PcKind kind,
                                  uint64_t generation) {
    // Acquire, and the release below: the checkpoints go from thread to thread.
    if (checkpoints.taken.exchange(true, std::memory_order_acquire))
        return run_cfi_program(description, pc, kind);
    const UnwindRule rule = run_from_checkpoint(description, pc, kind, generation);
    checkpoints.taken.store(false, std::memory_order_release);
    return rule;
}

void release_cfi_checkpoints() {
    // Only where it is set: to write would copy a page in each fork child.
    if (!checkpoints.taken.load(std::memory_order_relaxed)) return;
    // Whoever had them may have been half way through one.
    checkpoints.forget();
    checkpoints.taken.store(false, std::memory_order_relaxed);
}

}  // namespace heapdrift
