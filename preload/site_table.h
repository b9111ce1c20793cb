// Call stack -> site. Stacks are interned as a prefix tree whose nodes, like the sites, lie in the
// session file; both are append-only, and shared by all threads without locks.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "preload/module_list.h"
#include "preload/path_hash.h"
#include "preload/path_index.h"
#include "preload/session_file.h"

namespace heapdrift {

// What is known of a stack's frames, numbered from the outermost.
struct StackPath {
    uint32_t hashed;             // of how many outer frames
    uint32_t interned;           // of how many the nodes are known too; not more than hashed
    PathHash hashes[kMaxDepth];  // of the whole path from the root to the frame
    NodeId nodes[kMaxDepth];

    // All but these are other frames now.
    void keep(uint32_t frames) {
        if (frames < hashed) hashed = frames;
        if (frames < interned) interned = frames;
    }
};

// Which stacks have nodes in common.
struct Tree {
    Domain domain;
    Scope scope = kNoScope;
};

class SiteTable {
public:
    // At the start of the process, before any stack.
    void open(SessionFile& file, ModuleList& modules) {
        file_ = &file;
        modules_ = &modules;
        nodes_.open(file);
        site_index_.open(file);
        hasher_.seed();
    }

    // Hashes those frames of a stack that are not hashed yet. Returns the hash of the whole.
    // Stack: a RememberedStack, or what else has its count, end, address and kind.
    template <typename Stack>
    PathHash hash(const Stack& stack, const Tree& tree, StackPath& path) const;
    // Of the sites that the stack with this hash may have, that for which is_it(site) holds; or 0.
    template <typename IsIt>
    [[gnu::always_inline]] SiteId find(const PathHash& hash, IsIt is_it) {
        return SiteId{site_index_.find(hash, [&](uint32_t id) { return is_it(SiteId{id}); })};
    }
    // The site of a stack that is hashed: found by comparing its frames with those of sites and
    // nodes there, or made. 0 without space.
    template <typename Stack>
    SiteId intern(const Stack& stack, const Tree& tree, StackPath& path);

    void forget();

private:
    static constexpr uint32_t kEnds = 4;
    static constexpr uint32_t kScopes = kIgnoredScope + 1;

    NodeId root(const Tree& tree, StackEnd end);
    template <typename Stack>
    NodeId find(const Stack& stack, uint32_t from, uint32_t last, NodeId parent, StackPath& path);
    template <typename Stack>
    uint32_t add(const Stack& stack, uint32_t from, NodeId parent, StackPath& path);
    SiteId site(NodeId leaf, const Tree& tree, const PathHash& hash);

    // Nodes that a new stack brought lie one after another, the callers' first: what a search reads
    // next is asked for along with the node that it reads now, where many stacks are in no cache.
    // A line further down may hold no nodes; nothing reads it then.
    [[gnu::always_inline]] static void fetch_callers(const Node& node) {
        constexpr uint64_t kLine = 64;
        const auto at = reinterpret_cast<uint64_t>(&node);
        __builtin_prefetch(reinterpret_cast<const void*>(at - kLine));
        __builtin_prefetch(reinterpret_cast<const void*>(at - 2 * kLine));
    }

    SessionFile* file_ = nullptr;
    ModuleList* modules_ = nullptr;
    PathHasher hasher_;
    // A stack's innermost frame is found by the site, the others by nodes_: so a stack that is
    // known is searched for among the sites alone, of which there are a fraction as many. A frame
    // that is the innermost of one stack and not of another may have a node for each.
    PathIndex nodes_;
    PathIndex site_index_;
    std::atomic<bool> scoped_{false};  // whether any root of another scope than kNoScope was made
    std::atomic<uint32_t> roots_[kScopes][kDomainCount][kEnds] = {};
};

template <typename Stack>
PathHash SiteTable::hash(const Stack& stack, const Tree& tree, StackPath& path) const {
    PathHash hash = path.hashed > 0 ? path.hashes[path.hashed - 1]
                                    : hasher_.of_root(tree.domain, tree.scope, stack.end());
    const uint32_t count = stack.count();
    for (uint32_t position = path.hashed; position < count; ++position)
        path.hashes[position] = hash =
            hasher_.of_child(hash, stack.address(position), stack.kind(position));
    path.hashed = count;
    return hash;
}

// The innermost frame's node tells, by way of its parents, whether it ends this very path. Where it
// does, all nodes between are known with it: one look-up a stack, however many frames are new.
template <typename Stack>
NodeId SiteTable::find(const Stack& stack, uint32_t from, uint32_t last, NodeId parent,
                       StackPath& path) {
    const bool any_unloaded = modules_->generation() != 0;
    const auto ends_path = [&](uint32_t id) {
        fetch_callers(file_->node(id));
        for (uint32_t position = last;; --position) {
            const Node& node = file_->node(id);
            if (node.address != stack.address(position) || node.kind != stack.kind(position) ||
                (any_unloaded && !modules_->usable(node.module)))
                return false;
            path.nodes[position] = NodeId{id};
            id = node.parent;
            if (position == from) return id == raw(parent);
        }
    };
    const PathHash& hash = path.hashes[last];
    if (last + 1 < stack.count()) return NodeId{nodes_.find(hash, ends_path)};
    const SiteId site = find(hash, [&](SiteId id) {
        return ends_path(file_->site(raw(id)).node.load(std::memory_order_relaxed));
    });
    return raw(site) == 0 ? NodeId{0} : path.nodes[last];
}

// The nodes of the frames from `from` on, some of them at least, which a look-up of the whole path
// did not find. Returns of how many outer frames the nodes are known now; `from` without space.
template <typename Stack>
uint32_t SiteTable::add(const Stack& stack, uint32_t from, NodeId parent, StackPath& path) {
    constexpr uint32_t kAtOnce = 16;
    const bool any_unloaded = modules_->generation() != 0;
    const uint32_t count = stack.count();
    uint32_t modules[kAtOnce];
    uint32_t wanted = 0;
    // Before the nodes are made: finding a module may need the space of the file too.
    for (; wanted < kAtOnce && from + wanted < count; ++wanted) {
        const uint32_t position = from + wanted;
        const uint64_t address = stack.address(position);
        const bool interrupted = stack.kind(position) == FrameKind::interrupted;
        modules[wanted] = modules_->find(interrupted ? address : address - 1);
        // The module may be one that is back at its place, and its nodes with it.
        if (!any_unloaded || modules[wanted] == kNoModule) continue;
        if (wanted > 0) break;
        if (raw(find(stack, position, position, parent, path)) != 0) return position + 1;
    }
    const Numbered<Node> added = file_->add_nodes(wanted);
    for (uint32_t i = 0; i < added.count; ++i) {
        const uint32_t position = from + i;
        Node& node = added.record[i];
        node.address = stack.address(position);
        node.parent = raw(parent);
        node.module = modules[i];
        node.kind = stack.kind(position);
        path.nodes[position] = parent = NodeId{added.id + i};
        if (position + 1 < count) nodes_.insert(raw(parent), path.hashes[position]);
    }
    return from + added.count;
}

template <typename Stack>
SiteId SiteTable::intern(const Stack& stack, const Tree& tree, StackPath& path) {
    const uint32_t from = path.interned;
    const uint32_t count = stack.count();
    NodeId node = from > 0 ? path.nodes[from - 1] : root(tree, stack.end());
    if (raw(node) == 0) return SiteId{0};
    uint32_t known = count;
    while (known > from && raw(find(stack, from, known - 1, node, path)) == 0) --known;
    for (;;) {
        path.interned = known;
        if (known > 0) node = path.nodes[known - 1];
        if (known == count) break;
        known = add(stack, known, node, path);
        if (known == path.interned) return SiteId{0};
    }
    return site(
        node, tree,
        count > 0 ? path.hashes[count - 1] : hasher_.of_root(tree.domain, tree.scope, stack.end()));
}

}  // namespace heapdrift
