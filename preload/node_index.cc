#include "preload/node_index.h"

#include "preload/syscalls.h"

namespace heapdrift {

namespace {
constexpr uint32_t kFirstSlots = 4096;
}

void NodeIndex::put(Table& table, uint64_t slot) {
    for (auto at = static_cast<uint32_t>(slot >> 32) & table.mask;; at = (at + 1) & table.mask) {
        uint64_t empty = 0;
        if (table.slots[at].load(std::memory_order_relaxed) == 0 &&
            // Release: pairs with the acquire in find.
            table.slots[at].compare_exchange_strong(empty, slot, std::memory_order_release,
                                                    std::memory_order_relaxed))
            return;
    }
}

// One thread grows, the others go on with the old table, which still has room.
NodeIndex::Table* NodeIndex::grow(Table* old) {
    if (growing_.exchange(true, std::memory_order_acquire)) return old;
    if (table_.load(std::memory_order_acquire) != old) {
        growing_.store(false, std::memory_order_release);
        return table_.load(std::memory_order_acquire);
    }
    const uint32_t slots = old == nullptr ? kFirstSlots : 2 * (old->mask + 1);
    auto* table = static_cast<Table*>(map_pages(sizeof(Table) + slots * sizeof(uint64_t)));
    if (table != nullptr) {
        table->mask = slots - 1;
        uint32_t used = 0;
        for (uint32_t at = 0; old != nullptr && at <= old->mask; ++at) {
            const uint64_t slot = old->slots[at].load(std::memory_order_acquire);
            if (slot == 0) continue;
            put(*table, slot);
            ++used;
        }
        table->used.store(used, std::memory_order_relaxed);
        table_.store(table, std::memory_order_release);
        file_.control().own_bytes.fetch_add(byte_size(*table), std::memory_order_relaxed);
        if (old != nullptr) {
            file_.control().own_bytes.fetch_sub(byte_size(*old), std::memory_order_relaxed);
            // Not unmapped: a thread may still be looking into it. It finds nothing and makes a
            // twin at worst. The first page stays, for the mask.
            const size_t size = byte_size(*old);
            if (size > kPageSize && !memory_confined())
                sys::advise(reinterpret_cast<uint8_t*>(old) + kPageSize, size - kPageSize,
                            MADV_DONTNEED);
        }
    }
    growing_.store(false, std::memory_order_release);
    return table_.load(std::memory_order_acquire);
}

void NodeIndex::insert(NodeId node, uint64_t hash) {
    Table* table = table_.load(std::memory_order_acquire);
    if (table == nullptr || table->used.load(std::memory_order_relaxed) > table->mask / 2)
        table = grow(table);
    // Without memory to grow, a last quarter stays free, so that searches end.
    if (table == nullptr || table->used.load(std::memory_order_relaxed) > table->mask / 4 * 3)
        return;
    table->used.fetch_add(1, std::memory_order_relaxed);
    put(*table, hash << 32 | raw(node));
}

void NodeIndex::forget() {
    Table* table = table_.load(std::memory_order_relaxed);
    if (table != nullptr) unmap_pages(table, byte_size(*table));
    table_.store(nullptr, std::memory_order_relaxed);
    growing_.store(false, std::memory_order_relaxed);
}

}  // namespace heapdrift
