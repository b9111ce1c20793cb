#include "preload/call_stack.h"

namespace heapdrift {

// The innermost frame's node, 0 without space.
NodeId CallStack::intern(Domain domain, SiteTable& sites) {
    const bool heap = domain == Domain::heap;
    uint32_t position = heap ? interned_ : 0;
    NodeId node = position > 0 ? nodes_[position - 1] : sites.root(domain, stack_.end());
    for (; position < stack_.count() && raw(node) != 0; ++position) {
        node = sites.child(node, stack_.address(position), stack_.kind(position));
        if (heap && raw(node) != 0) {
            nodes_[position] = node;
            interned_ = position + 1;
        }
    }
    return node;
}

SiteId CallStack::site(const StartState& start, Domain domain, uint32_t depth, SiteTable& sites,
                       const ModuleList& modules) {
    // After an unload the rules, and what stands at the remembered addresses, may be others.
    const uint32_t generation = modules.generation();
    if (generation_ != generation) {
        stack_.forget();
        interned_ = 0;
        generation_ = generation;
    }
    const uint32_t before = stack_.count();
    const uint32_t kept = stack_.capture(start, bounds_, depth);
    if (kept < interned_) interned_ = kept;
    if (kept != before || stack_.count() != before) site_ = SiteId{0};
    if (domain == Domain::heap && raw(site_) != 0) return site_;

    const NodeId leaf = intern(domain, sites);
    if (raw(leaf) == 0) return SiteId{0};
    const SiteId site = sites.site(leaf, domain);
    if (domain == Domain::heap) site_ = site;
    return site;
}

}  // namespace heapdrift
