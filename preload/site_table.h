// Call stack -> site. Stacks are interned as a prefix tree whose nodes, like the sites, lie in the
// session file; both are append-only, and shared by all threads without locks.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "preload/module_list.h"
#include "preload/node_index.h"
#include "preload/session_file.h"

namespace heapdrift {

// The nodes of a stack's frames, numbered from the outermost.
struct StackPath {
    NodeId nodes[kMaxDepth];
    uint64_t hashes[kMaxDepth];  // of the whole path from the root to the node
};

// Which stacks have nodes in common.
struct Tree {
    Domain domain;
    Scope scope = kNoScope;
};

class SiteTable {
public:
    constexpr SiteTable(SessionFile& file, ModuleList& modules)
        : file_(file), modules_(modules), index_(file) {}

    // Finds the nodes of a stack's frames, or makes them. `interned`: how many outer frames `path`
    // holds already; grows as nodes are found. Returns the innermost frame's, 0 without space.
    // Stack: a RememberedStack, or what else has its count, end, address and kind. ahead is told
    // the site that will probably be the stack's, before the nodes that decide it have been read.
    template <typename Stack, typename Ahead>
    NodeId intern(const Stack& stack, const Tree& tree, StackPath& path, uint32_t& interned,
                  Ahead ahead);
    // The site of the stack whose innermost frame is `leaf`; made if it is new. 0 without space.
    SiteId site(NodeId leaf, const Tree& tree);

    void forget();

private:
    static constexpr uint32_t kEnds = 4;
    static constexpr uint32_t kScopes = kIgnoredScope + 1;

    NodeId root(const Tree& tree, StackEnd end);
    template <typename Stack, typename Ahead>
    NodeId find(const Stack& stack, uint32_t from, uint32_t last, NodeId parent, StackPath& path,
                Ahead ahead);
    template <typename Stack>
    NodeId find_or_add(const Stack& stack, uint32_t position, NodeId parent, StackPath& path);
    NodeId add(NodeId parent, uint64_t address, FrameKind kind, uint32_t module, uint64_t hash);

    // Nodes that a new stack brought lie one after another, the callers' first: what a search reads
    // next is asked for along with the node that it reads now, where many stacks are in no cache.
    // A line further down may hold no nodes; nothing reads it then.
    [[gnu::always_inline]] static void fetch_callers(const Node& node) {
        constexpr uint64_t kLine = 64;
        const auto at = reinterpret_cast<uint64_t>(&node);
        __builtin_prefetch(reinterpret_cast<const void*>(at - kLine));
        __builtin_prefetch(reinterpret_cast<const void*>(at - 2 * kLine));
    }

    SessionFile& file_;
    ModuleList& modules_;
    NodeIndex index_;
    std::atomic<bool> scoped_{false};  // whether any root of another scope than kNoScope was made
    std::atomic<uint32_t> roots_[kScopes][kDomainCount][kEnds] = {};
};

// The innermost frame's node tells, by way of its parents, whether it ends this very path. Where it
// does, all nodes between are known with it: one look-up a stack, however many frames are new.
template <typename Stack, typename Ahead>
NodeId SiteTable::find(const Stack& stack, uint32_t from, uint32_t last, NodeId parent,
                       StackPath& path, Ahead ahead) {
    const bool any_unloaded = modules_.generation() != 0;
    return index_.find(path.hashes[last], [&](uint32_t id) {
        const Node& innermost = file_.node(id);
        fetch_callers(innermost);
        ahead(SiteId{innermost.site.load(std::memory_order_relaxed)});
        for (uint32_t position = last;; --position) {
            const Node& node = file_.node(id);
            if (node.address != stack.address(position) || node.kind != stack.kind(position) ||
                (any_unloaded && !modules_.usable(node.module)))
                return false;
            path.nodes[position] = NodeId{id};
            id = node.parent;
            if (position == from) return id == raw(parent);
        }
    });
}

// For a node that a look-up of the whole path did not find.
template <typename Stack>
NodeId SiteTable::find_or_add(const Stack& stack, uint32_t position, NodeId parent,
                              StackPath& path) {
    const uint64_t address = stack.address(position);
    const FrameKind kind = stack.kind(position);
    // Before the node is made: finding the module may need the space of the file too.
    const uint32_t module = modules_.find(kind == FrameKind::interrupted ? address : address - 1);
    // The module may be one that is back at its place, and its nodes with it.
    if (module != kNoModule && modules_.generation() != 0)
        if (const NodeId known = find(stack, position, position, parent, path, [](SiteId) {});
            raw(known) != 0)
            return known;
    return add(parent, address, kind, module, path.hashes[position]);
}

template <typename Stack, typename Ahead>
NodeId SiteTable::intern(const Stack& stack, const Tree& tree, StackPath& path, uint32_t& interned,
                         Ahead ahead) {
    const uint32_t from = interned;
    const uint32_t count = stack.count();
    const NodeId parent = from > 0 ? path.nodes[from - 1] : root(tree, stack.end());
    if (count == from || raw(parent) == 0) return parent;
    uint64_t hash = from > 0 ? path.hashes[from - 1] : NodeIndex::hash_of_root(parent);
    for (uint32_t position = from; position < count; ++position)
        path.hashes[position] = hash = NodeIndex::hash_of_child(hash, stack.address(position));

    uint32_t known = count;
    while (known > from && raw(find(stack, from, known - 1, parent, path, ahead)) == 0) --known;
    NodeId node = known > 0 ? path.nodes[known - 1] : parent;
    for (; known < count; ++known) {
        node = find_or_add(stack, known, node, path);
        if (raw(node) == 0) break;
        path.nodes[known] = node;
    }
    interned = known;
    return node;
}

}  // namespace heapdrift
