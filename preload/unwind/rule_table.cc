#include "preload/unwind/rule_table.h"

#include "preload/page_memory.h"
#include "preload/unwind/cfi_program.h"
#include "preload/unwind/eh_frame.h"
#include "preload/unwind/image_cache.h"
#include "preload/unwind/memory_probe.h"

namespace heapdrift {

constinit RuleTable rule_table;

UnwindRule RuleTable::find(uint64_t pc, PcKind kind) {
    if (pc == 0) return refused_rule();
    const uint64_t key = key_of(pc, kind);
    // Acquire: pairs with the publishing store in grow.
    if (const Slots* slots = slots_.load(std::memory_order_acquire)) {
        if (const Entry* entry = find_entry(*slots, key)) {
            const uint64_t bits = entry->rule.load(std::memory_order_relaxed);
            if (bits != 0) return rule_from_bits(bits);
        }
    }
    // Acquire: pairs with the increment in retire. What is read of the modules from here on is
    // newer than the retirements counted so far.
    const uint64_t generation = generation_.load(std::memory_order_acquire);
    const ComputedRule computed = compute_rule(pc, kind);
    if (computed.lasting) store(key, rule_bits(computed.rule), generation);
    return computed.rule;
}

RuleTable::Entry* RuleTable::find_entry(const Slots& slots, uint64_t key) {
    Entry* entry = slots.entries + (hash(key) & slots.mask);
    for (uint32_t i = 0; i < kMaxProbes; ++i, ++entry) {
        const uint64_t found = entry->key.load(std::memory_order_relaxed);
        if (found == key) return entry;
        if (found == 0) return nullptr;
    }
    return nullptr;
}

// Null where the slots are too full around the key.
RuleTable::Entry* RuleTable::claim_entry(const Slots& slots, uint64_t key) {
    Entry* entry = slots.entries + (hash(key) & slots.mask);
    for (uint32_t i = 0; i < kMaxProbes; ++i, ++entry) {
        uint64_t found = entry->key.load(std::memory_order_relaxed);
        // Relaxed: a key publishes nothing, its rule is a word of its own.
        if (found == 0 &&
            entry->key.compare_exchange_strong(found, key, std::memory_order_relaxed)) {
            used_.fetch_add(1, std::memory_order_relaxed);
            return entry;
        }
        if (found == key) return entry;
    }
    return nullptr;
}

void RuleTable::store(uint64_t key, uint64_t bits, uint64_t generation) {
    const Slots* slots = slots_.load(std::memory_order_acquire);  // pairs with grow
    if (slots == nullptr || used_.load(std::memory_order_relaxed) >= capacity_of(*slots) / 2) {
        grow(slots);
        slots = slots_.load(std::memory_order_acquire);  // pairs with grow
        // Slots that could not be replaced are left a quarter free: probes would grow long.
        if (slots == nullptr ||
            used_.load(std::memory_order_relaxed) >= capacity_of(*slots) / 4 * 3)
            return;
    }
    Entry* entry = claim_entry(*slots, key);
    if (entry == nullptr) return;
    // Sequentially consistent, like the increment and the load in retire: of a store and a
    // retirement that meet, either the sweep sees the rule or this thread the new generation.
    entry->rule.store(bits, std::memory_order_seq_cst);
    if (generation_.load(std::memory_order_seq_cst) != generation)
        entry->rule.store(0, std::memory_order_relaxed);
}

// Whoever comes second goes on with the slots as they are.
void RuleTable::grow(const Slots* full) {
    // Acquire: pairs with the release at the end, which hands steps_taken_ on.
    if (growing_.exchange(true, std::memory_order_acquire)) return;
    if (slots_.load(std::memory_order_relaxed) == full && steps_taken_ < kSteps) {
        Slots& larger = all_slots_[steps_taken_];
        larger.mask = (uint64_t{1} << (kFirstBits + kBitsPerStep * steps_taken_)) - 1;
        void* mapped = map_pages(entry_count(larger) * sizeof(Entry));
        if (mapped != nullptr) {
            larger.entries = static_cast<Entry*>(mapped);
            ++steps_taken_;
            const uint64_t generation = generation_.load(std::memory_order_seq_cst);
            used_.store(0, std::memory_order_relaxed);
            if (full != nullptr && capacity_of(*full) <= kMaxCopied) copy(*full, larger);
            // Release within: pairs with the acquire of every look-up. Sequentially consistent as
            // in store: a retirement sweeps these slots, or is seen here and undoes the copy.
            slots_.store(&larger, std::memory_order_seq_cst);
            if (generation_.load(std::memory_order_seq_cst) != generation)
                for (uint64_t i = 0; i < entry_count(larger); ++i)
                    larger.entries[i].rule.store(0, std::memory_order_relaxed);
        }
    }
    growing_.store(false, std::memory_order_release);  // pairs with the exchange above
}

void RuleTable::copy(const Slots& from, const Slots& to) {
    for (uint64_t i = 0; i < entry_count(from); ++i) {
        const Entry& entry = from.entries[i];
        // Acquire: pairs with the store of the rule in store, so that its key is seen too.
        const uint64_t bits = entry.rule.load(std::memory_order_acquire);
        if (bits == 0) continue;
        const uint64_t key = entry.key.load(std::memory_order_relaxed);
        if (Entry* copied = claim_entry(to, key))
            copied->rule.store(bits, std::memory_order_relaxed);
    }
}

void RuleTable::retire(uint64_t start, uint64_t end) {
    forget_module_pages();
    image_cache.retire(start, end);
    generation_.fetch_add(1, std::memory_order_seq_cst);          // pairs with store
    const Slots* slots = slots_.load(std::memory_order_seq_cst);  // pairs with grow
    if (slots == nullptr) return;
    for (uint64_t i = 0; i < entry_count(*slots); ++i) {
        Entry& entry = slots->entries[i];
        const uint64_t pc = entry.key.load(std::memory_order_relaxed) << 1 >> 1;
        // A return address may be the first byte behind its module.
        if (pc < start || pc > end) continue;
        entry.rule.store(0, std::memory_order_relaxed);
    }
}

void RuleTable::reset() {
    release_cfi_checkpoints();
    growing_.store(false, std::memory_order_relaxed);
}

uint64_t RuleTable::capacity() const {
    const Slots* slots = slots_.load(std::memory_order_acquire);  // pairs with grow
    return slots == nullptr ? 0 : capacity_of(*slots);
}

}  // namespace heapdrift
