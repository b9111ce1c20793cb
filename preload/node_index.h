// Hash of a path of return addresses -> the node at its inner end, for all nodes of the prefix
// tree. Open addressing over pairs of hash and node number; the nodes themselves lie in the session
// file, and whoever looks compares the path there: equal hashes of different paths cost time only.
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
#include "preload/session_file.h"

namespace heapdrift {

class NodeIndex {
public:
    explicit constexpr NodeIndex(SessionFile& file) : file_(file) {}

    static uint64_t hash_of_root(NodeId root) { return raw(root) * kMultiplier; }
    static uint64_t hash_of_child(uint64_t parent, uint64_t address) {
        const uint64_t mixed = (parent ^ address) * kMultiplier;
        return mixed ^ mixed >> 32;
    }

    // The node for which matches(id) holds, of those that are entered with this hash; or 0.
    template <typename Matches>
    NodeId find(uint64_t hash, Matches matches) {
        // Acquire: pairs with the release in with_room.
        Table* foremost = foremost_.load(std::memory_order_acquire);
        for (Table* table = foremost; table != nullptr;
             table = table->unmoved.load(std::memory_order_acquire)) {
            const auto tag = static_cast<uint32_t>(hash);
            for (uint32_t at = tag & table->mask;; at = (at + 1) & table->mask) {
                // Acquire: pairs with the release in put; the node's fields are there before.
                const uint64_t slot = table->slots[at].load(std::memory_order_acquire);
                if (slot == 0) break;
                const auto id = static_cast<uint32_t>(slot);
                if (slot >> 32 != tag || !matches(id)) continue;
                if (table != foremost) [[unlikely]]
                    move_some(*foremost);
                return NodeId{id};
            }
        }
        return NodeId{0};
    }

    // Enters a node whose fields are written. Without memory it is not entered and will be made
    // again when its stack is seen again: counted twice in node_count, never in a site.
    void insert(NodeId node, uint64_t hash);

    // In a fork child, whose file has no nodes yet.
    void forget();

private:
    static constexpr uint64_t kMultiplier = 0x9e37'79b9'7f4a'7c15;

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
        // Low half: the node's number, 0 in an empty slot; high half: the low one of the hash.
        std::atomic<uint64_t> slots[1];
    };

    static size_t byte_size(uint32_t slots) { return sizeof(Table) + slots * sizeof(uint64_t); }
    // A quarter stays free, so that searches are short and end.
    static bool has_room(const Table& table) {
        return table.used.load(std::memory_order_relaxed) <= table.mask / 4 * 3;
    }
    static void put(Table& table, uint64_t slot);
    void move_some(Table& table);
    void return_moved(Table& table, uint8_t* smaller, uint32_t moved);
    Table* with_room();

    SessionFile& file_;
    std::atomic<Table*> foremost_{nullptr};
};

}  // namespace heapdrift
