#include "preload/node_index.h"

namespace heapdrift {

namespace {
constexpr uint32_t kFirstSlots = 512;  // a page or two, which suffices a short process
}

void NodeIndex::put(Table& table, uint64_t slot) {
    for (auto at = static_cast<uint32_t>(slot >> 32) & table.mask;; at = (at + 1) & table.mask) {
        uint64_t there = table.slots[at].load(std::memory_order_relaxed);
        // Release: pairs with the acquire in find.
        if (there == 0 && table.slots[at].compare_exchange_strong(
                              there, slot, std::memory_order_release, std::memory_order_relaxed)) {
            table.used.fetch_add(1, std::memory_order_relaxed);
            return;
        }
        if (there == slot) return;
    }
}

NodeIndex::Table* NodeIndex::with_room() {
    // Acquire, here and below: pairs with the release of whoever put the table in front.
    Table* foremost = foremost_.load(std::memory_order_acquire);
    if (foremost != nullptr && has_room(*foremost)) return foremost;
    const uint32_t slots = foremost == nullptr ? kFirstSlots : 2 * (foremost->mask + 1);
    auto* table = static_cast<Table*>(map_pages(byte_size(slots)));
    if (table == nullptr) return nullptr;
    table->before = foremost;
    table->mask = slots - 1;
    if (!foremost_.compare_exchange_strong(foremost, table, std::memory_order_release,
                                           std::memory_order_acquire)) {
        unmap_pages(table, byte_size(slots));
        return foremost;
    }
    file_.control().own_bytes.fetch_add(byte_size(slots), std::memory_order_relaxed);
    return table;
}

void NodeIndex::insert(NodeId node, uint64_t hash) {
    if (Table* table = with_room()) put(*table, hash << 32 | raw(node));
}

void NodeIndex::forget() {
    for (Table* table = foremost_.load(std::memory_order_relaxed); table != nullptr;) {
        Table* before = table->before;
        unmap_pages(table, byte_size(table->mask + 1));
        table = before;
    }
    foremost_.store(nullptr, std::memory_order_relaxed);
}

}  // namespace heapdrift
