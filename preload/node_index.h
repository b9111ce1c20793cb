// (parent node, address) -> node, for all nodes of the prefix tree. Open addressing over node
// numbers; the nodes themselves lie in the session file.
//
// Look-ups take no lock. Growing copies the table aside and publishes the copy; a node entered
// into the old table meanwhile is not in the copy and may be made a second time. The analyzer adds
// such twins together, so they cost 24 bytes and no exactness.
#pragma once

#include <atomic>
#include <cstdint>

#include "preload/page_memory.h"
#include "preload/session_file.h"

namespace heapdrift {

class NodeIndex {
public:
    explicit constexpr NodeIndex(SessionFile& file) : file_(file) {}

    // usable(node): whether a node may still be given out; one whose module was unloaded may not.
    template <typename Usable>
    NodeId find(NodeId parent, uint64_t address, FrameKind kind, Usable usable) const {
        const Table* table = table_.load(std::memory_order_acquire);
        if (table == nullptr) return NodeId{0};
        for (uint32_t at = hash(parent, address) & table->mask;; at = (at + 1) & table->mask) {
            // Acquire: pairs with the release in insert; the node's fields are there before.
            const uint32_t id = table->slots[at].load(std::memory_order_acquire);
            if (id == 0) return NodeId{0};
            const Node& node = file_.node(id);
            if (node.address == address && node.parent == raw(parent) && node.kind == kind &&
                usable(node))
                return NodeId{id};
        }
    }

    // Enters a node whose fields are written. Without memory it is not entered and will be made
    // again when its stack is seen again: counted twice in node_count, never in a site.
    void insert(NodeId node);

    // In a fork child, whose file has no nodes yet.
    void forget();

private:
    struct Table {
        uint32_t mask;
        std::atomic<uint32_t> used;
        std::atomic<uint32_t> slots[1];
    };

    static uint32_t hash(NodeId parent, uint64_t address) {
        const uint64_t mixed = (address ^ raw(parent) * 0x9e3779b97f4a7c15u) * 0xff51afd7ed558ccdu;
        return static_cast<uint32_t>(mixed >> 32);
    }
    static size_t byte_size(const Table& table) {
        return sizeof(Table) + table.mask * sizeof(table.slots[0]);
    }
    static void put(Table& table, uint32_t hash, uint32_t id);
    Table* grow(Table* old);

    SessionFile& file_;
    std::atomic<Table*> table_{nullptr};
    std::atomic<bool> growing_{false};
};

}  // namespace heapdrift
