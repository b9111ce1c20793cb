// The rules of the process, each computed once: pc -> UnwindRule. Read by every walk, without a
// lock and without an atomic read-modify-write.
//
// An entry's key is claimed once and never changes while its slots live; only its rule comes and
// goes. So a reader that finds its pc finds this pc's rule or none, whatever happens meanwhile,
// and two threads that compute the same rule may both store it.
//
// Slots that are half full are replaced by four times as many. The old ones stay as they are, a
// thread may be inside them: a third more memory, for keys that nobody has to protect. Nothing here
// waits, so a signal handler may walk while its thread is anywhere in here.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "preload/unwind/unwind_rule.h"

namespace heapdrift {

class RuleTable {
    struct Entry {
        std::atomic<uint64_t> key{0};   // 0: free; then fixed
        std::atomic<uint64_t> rule{0};  // 0: none, or not yet
    };
    static_assert(sizeof(Entry) == 16, "four entries share a cache line");

    struct Slots {
        Entry* entries = nullptr;
        uint64_t mask = 0;  // capacity - 1, a power of two less one
    };

    static constexpr uint32_t kInlineProbes = 2;

    // The upper half of the product, where all bits of the pc have met.
    static uint64_t hash(uint64_t key) { return key * 0x9e37'79b9'7f4a'7c15 >> 32; }

public:
    constexpr RuleTable() = default;
    RuleTable(const RuleTable&) = delete;
    RuleTable& operator=(const RuleTable&) = delete;

    // The rules that are known now, for the inner loop of one walk: what is not found here may
    // be found, or computed, by find.
    class View {
    public:
        // For return addresses only. `unknown` where there is none at hand.
        UnwindRule find(uint64_t pc) const {
            if (entries_ == nullptr) return UnwindRule();
            const Entry* entry = entries_ + (hash(pc) & mask_);
            for (uint32_t i = 0; i < kInlineProbes; ++i, ++entry) {
                // The slot is the key's for good and the rule is one word: relaxed suffices.
                if (entry->key.load(std::memory_order_relaxed) == pc) [[likely]]
                    return rule_from_bits(entry->rule.load(std::memory_order_relaxed));
            }
            return UnwindRule();
        }

    private:
        friend class RuleTable;
        const Entry* entries_ = nullptr;
        uint64_t mask_ = 0;
    };

    View view() const {
        View view;
        // Acquire: pairs with the publishing store in grow; the slots are filled before.
        if (const Slots* slots = slots_.load(std::memory_order_acquire)) {
            view.entries_ = slots->entries;
            view.mask_ = slots->mask;
        }
        return view;
    }

    // Never `unknown`: where nothing is known of the pc, `refuse`. Computes what is not there yet.
    UnwindRule find(uint64_t pc, PcKind kind);

    // A module left [start, end): no rule of an address in it is found afterwards, nor one that
    // another thread is computing right now.
    void retire(uint64_t start, uint64_t end);

    // In a fork child, before anything else: what the parent's other threads left half done. The
    // rules stay, the child has the same modules.
    void reset();

    // For tests and for the account of the recorder's own memory.
    uint64_t capacity() const;

private:
    // From 2^9 entries, 8 KiB and enough for a shell's helpers, to 2^21. What does not fit into
    // those is computed each time.
    static constexpr uint32_t kFirstBits = 9;
    static constexpr uint32_t kBitsPerStep = 2;
    static constexpr uint32_t kSteps = 7;
    // Copying more would hold a thread for more than a part of a millisecond: rules of larger
    // slots are computed anew, one by one.
    static constexpr uint64_t kMaxCopied = uint64_t{1} << 15;
    static constexpr uint32_t kMaxProbes = 32;

    // Bit 63 of a pc in user space is 0. A pc of 0 is a key of 0, which no entry holds.
    static uint64_t key_of(uint64_t pc, PcKind kind) {
        return pc | uint64_t{kind == PcKind::interrupted} << 63;
    }
    // Probes run past the last entry by up to kMaxProbes; memory is there for them.
    static uint64_t capacity_of(const Slots& slots) { return slots.mask + 1; }
    static uint64_t entry_count(const Slots& slots) { return capacity_of(slots) + kMaxProbes; }

    static Entry* find_entry(const Slots& slots, uint64_t key);
    Entry* claim_entry(const Slots& slots, uint64_t key);
    void store(uint64_t key, uint64_t bits, uint64_t generation);
    void grow(const Slots* full);
    void copy(const Slots& from, const Slots& to);

    std::atomic<const Slots*> slots_{nullptr};
    std::atomic<uint64_t> generation_{0};  // counts retire
    std::atomic<uint64_t> used_{0};        // entries claimed in the present slots
    std::atomic<bool> growing_{false};
    uint32_t steps_taken_ = 0;  // belongs to whoever set growing_
    std::array<Slots, kSteps> all_slots_;
};

// The one of the process.
extern RuleTable rule_table;

}  // namespace heapdrift
