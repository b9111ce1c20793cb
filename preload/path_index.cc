#include "preload/path_index.h"

namespace heapdrift {

namespace {
constexpr uint32_t kFirstSlots = 512;  // a page or two, which suffices a short process
// At each insertion: a doubled table has all entries of the one before long before it is full.
constexpr uint32_t kMovedAtOnce = 16;
// 64 pages, for which a thread is held some 10 microseconds.
constexpr uint32_t kTouchedAtOnce = 1u << 15;
// Of the smaller table's memory: a madvise of all its pages would hold a thread for as long as the
// kernel takes for a thousand and more.
constexpr uint32_t kReturnedPages = 64;
constexpr uint32_t kSlotsPerPage = kPageSize / sizeof(uint64_t);
}  // namespace

void PathIndex::put(Table& table, uint64_t slot) {
    for (auto at = static_cast<uint32_t>(slot >> 32) & table.mask;; at = (at + 1) & table.mask) {
        uint64_t there = table.slots[at].load(std::memory_order_relaxed);
        // Also a release, which pairs with the acquire in find.
        if (there == 0 && table.slots[at].compare_exchange_strong(there, slot)) {
            table.used.fetch_add(1, std::memory_order_relaxed);
            return;
        }
        if (there == slot) return;
    }
}

PathIndex::Table* PathIndex::with_room() {
    // Acquire, here and below: pairs with the release of whoever put the table in front.
    Table* foremost = foremost_.load(std::memory_order_acquire);
    if (foremost != nullptr && has_room(*foremost)) return foremost;
    const uint32_t slots = foremost == nullptr ? kFirstSlots : 2 * (foremost->mask + 1);
    auto* table = static_cast<Table*>(map_pages(byte_size(slots)));
    if (table == nullptr) return nullptr;
    table->before = foremost;
    table->unmoved.store(foremost, std::memory_order_relaxed);
    table->mask = slots - 1;
    if (!foremost_.compare_exchange_strong(foremost, table)) {
        unmap_pages(table, byte_size(slots));
        return foremost;
    }
    file_->control().own_bytes.fetch_add(byte_size(slots), std::memory_order_relaxed);
    // Paths lie in no order: soon all pages will have been written.
    if (slots > kFirstSlots && slots <= kTouchedAtOnce) touch_pages(table, byte_size(slots));
    return table;
}

// Gives the pages back of slots that have all been moved: they read as empty then, to a thread that
// still searches there. The page before the slots that come next stays, as searches for entries of
// the next page may begin in it; and the table's first one, with its head.
void PathIndex::return_moved(Table& table, uint8_t* smaller, uint32_t moved) {
    const uint32_t end = moved / kSlotsPerPage - 1;
    const uint32_t begin = end > kReturnedPages ? end - kReturnedPages : 1;
    const size_t size = (end - begin) * kPageSize;
    if (!give_back_pages(smaller + begin * kPageSize, size)) return;
    table.returned.fetch_add(size, std::memory_order_relaxed);
    file_->control().own_bytes.fetch_sub(size, std::memory_order_relaxed);
}

// Whoever moves the last entries gives back what is left of the smaller table's pages.
void PathIndex::move_some(Table& table) {
    // Acquire: pairs with the release of whoever put the table in front of it.
    Table* from = table.unmoved.load(std::memory_order_acquire);
    // A table before that would be lost to searches with this one.
    if (from == nullptr || from->unmoved.load(std::memory_order_acquire) != nullptr) return;
    const uint32_t slots = from->mask + 1;
    if (table.taken.load(std::memory_order_relaxed) >= slots || !has_room(table)) return;
    const uint32_t first = table.taken.fetch_add(kMovedAtOnce, std::memory_order_relaxed);
    if (first >= slots) return;
    for (uint32_t at = first; at < first + kMovedAtOnce; ++at)
        if (const uint64_t slot = from->slots[at].load(); slot != 0) put(table, slot);
    // Both: what the others moved is there before the pages go.
    const uint32_t moved =
        table.moved.fetch_add(kMovedAtOnce, std::memory_order_acq_rel) + kMovedAtOnce;
    if (moved != slots) {
        // As many as were taken: nobody is at any of those before.
        if (moved % (kReturnedPages * kSlotsPerPage) == 0 &&
            table.taken.load(std::memory_order_relaxed) == moved)
            return_moved(table, reinterpret_cast<uint8_t*>(from), moved);
        return;
    }
    table.unmoved.store(nullptr, std::memory_order_release);
    if (byte_size(slots) <= kPageSize) return;
    const size_t size = byte_size(slots) - kPageSize;
    if (give_back_pages(reinterpret_cast<uint8_t*>(from) + kPageSize, size))
        file_->control().own_bytes.fetch_sub(size - table.returned.load(std::memory_order_relaxed),
                                             std::memory_order_relaxed);
}

void PathIndex::insert(uint32_t number, const PathHash& path) {
    // Acquire: as in with_room, which is asked only when this one is full.
    Table* table = foremost_.load(std::memory_order_acquire);
    if (table == nullptr || !has_room(*table)) table = with_room();
    while (table != nullptr) {
        put(*table, path.place << 32 | number);
        // A larger table may have been put in front meanwhile, and the place been passed by those
        // who move. Either they see the entry or we the table: the orders are sequential here, in
        // put, and in move_some.
        Table* foremost = foremost_.load();
        if (foremost == table) {
            if (table->unmoved.load(std::memory_order_relaxed) != nullptr) move_some(*table);
            return;
        }
        table = foremost;
    }
}

void PathIndex::forget() {
    for (Table* table = foremost_.load(std::memory_order_relaxed); table != nullptr;) {
        Table* before = table->before;
        unmap_pages(table, byte_size(table->mask + 1));
        table = before;
    }
    foremost_.store(nullptr, std::memory_order_relaxed);
}

}  // namespace heapdrift
