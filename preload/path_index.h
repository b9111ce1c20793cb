// Path of frames -> a number: that of its innermost frame's node, or of the site of the stack. Open
// addressing over pairs of the path's hash and the number. 32 bits of the hash are compared here;
// whoever looks tells by what else it knows of the number whether the path is meant.
//
// Nothing takes a lock, and nobody waits while the index grows: a full table gets a larger, empty
// one before it, to which each later insertion moves a few entries more. When all are there the
// smaller table's pages are given back. Two threads that see a stack for the first time at once, or
// one that searches just where entries are moved, may make nodes that exist. The analyzer adds such
// twins together, so they cost 24 bytes each and no exactness.
#pragma once

#include <atomic>
#include <cstdint>

#include "preload/page_memory.h"
#include "preload/path_hash.h"
#include "preload/session_file.h"

namespace heapdrift {

class PathIndex {
public:
    // Before anything else.
    void open(SessionFile& file) { file_ = &file; }

    // The number for which matches(number) holds, of those that are entered with this path's hash;
    // or 0.
    template <typename Matches>
    [[gnu::always_inline]] uint32_t find(const PathHash& path, Matches matches) {
        // Acquire: pairs with the release in with_room.
        Table* foremost = foremost_.load(std::memory_order_acquire);
        for (Table* table = foremost; table != nullptr;
             table = table->unmoved.load(std::memory_order_acquire)) {
            const auto tag = static_cast<uint32_t>(path.place);
            for (uint32_t at = tag & table->mask;; at = (at + 1) & table->mask) {
                // Acquire: pairs with the release in put; what the number means is there before.
                const uint64_t slot = table->slots[at].load(std::memory_order_acquire);
                if (slot == 0) break;
                const auto number = static_cast<uint32_t>(slot);
                if (slot >> 32 != tag || !matches(number)) continue;
                if (table != foremost) [[unlikely]]
                    move_some(*foremost);
                return number;
            }
        }
        return 0;
    }

    // Enters the number of a node or site whose fields are written. Without memory it is not
    // entered and will be made again when its stack is seen again.
    void insert(uint32_t number, const PathHash& path);

    // In a fork child, whose file is empty yet.
    void forget();

private:
    struct Table {
        Table* before;  // the smaller one that it was put in front of
        // The same while not all of its entries are here. What it points to stays mapped.
        std::atomic<Table*> unmoved;
        // Of how many of its slots the entries are being moved, and have been.
        std::atomic<uint32_t> taken;
        std::atomic<uint32_t> moved;
        std::atomic<uint64_t> returned;  // bytes of that one's pages that were given back meanwhile
        uint32_t mask;
        std::atomic<uint32_t> used;
        // Low half: the number, 0 in an empty slot; high half: the low one of the path's place.
        std::atomic<uint64_t> slots[1];
    };

    static size_t byte_size(uint32_t slots) { return sizeof(Table) + slots * sizeof(uint64_t); }
    // Three sixteenths stay free, so that searches are short and end.
    static bool has_room(const Table& table) {
        return table.used.load(std::memory_order_relaxed) <= table.mask / 16 * 13;
    }
    static void put(Table& table, uint64_t slot);
    void move_some(Table& table);
    void return_moved(Table& table, uint8_t* smaller, uint32_t moved);
    Table* with_room();

    SessionFile* file_ = nullptr;
    std::atomic<Table*> foremost_{nullptr};
};

}  // namespace heapdrift
