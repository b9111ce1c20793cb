#include "preload/site_table.h"

namespace heapdrift {

NodeId SiteTable::root(const Tree& tree, StackEnd end) {
    std::atomic<uint32_t>& known =
        roots_[tree.scope][static_cast<uint32_t>(tree.domain)][static_cast<uint32_t>(end)];
    // Acquire: pairs with the release below; the root's fields are there before.
    if (const uint32_t id = known.load(std::memory_order_acquire)) return NodeId{id};
    const Numbered<Node> added = file_->add_nodes(1);
    if (added.record == nullptr) return NodeId{0};
    if (tree.scope != kNoScope) scoped_.store(true, std::memory_order_relaxed);
    added.record->module = kNoModule;
    added.record->kind = FrameKind::root;
    added.record->end = end;
    added.record->domain = tree.domain;
    added.record->scope = tree.scope;
    uint32_t expected = 0;
    if (!known.compare_exchange_strong(expected, added.id, std::memory_order_acq_rel))
        return NodeId{expected};
    return NodeId{added.id};
}

SiteId SiteTable::site(NodeId leaf, const Tree& tree, const PathHash& hash) {
    Node& node = file_->node(raw(leaf));
    // Acquire: pairs with the release below, after which the site is complete.
    if (const uint32_t id = node.site.load(std::memory_order_acquire)) return SiteId{id};
    const Numbered<Site> added = file_->add_site();
    if (added.record == nullptr) return SiteId{0};
    added.record->domain = tree.domain;
    added.record->scope = tree.scope;
    added.record->node.store(raw(leaf), std::memory_order_release);
    uint32_t expected = 0;
    // Two threads that made a site for the same stack: the second one's stays without counters.
    if (!node.site.compare_exchange_strong(expected, added.id, std::memory_order_acq_rel))
        return SiteId{expected};
    site_index_.insert(added.id, hash);
    return SiteId{added.id};
}

void SiteTable::forget() {
    nodes_.forget();
    site_index_.forget();
    // Most scopes are never used: their pages stay untouched.
    const uint32_t scopes = scoped_.load(std::memory_order_relaxed) ? kScopes : kNoScope + 1;
    for (uint32_t scope = 0; scope < scopes; ++scope)
        for (auto& ends : roots_[scope])
            for (auto& root : ends)
                if (root.load(std::memory_order_relaxed) != 0)
                    root.store(0, std::memory_order_relaxed);
}

}  // namespace heapdrift
