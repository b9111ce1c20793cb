#include "preload/call_stack.h"

namespace heapdrift {

SiteId CallStack::site_of_new_stack(StartState start, uint32_t standing, uint32_t set,
                                    Domain domain, uint32_t depth, SiteTable& sites,
                                    const ModuleList& modules, const CounterTable& counters) {
    // After an unload the rules, and what stands at the remembered addresses, may be others.
    const uint32_t generation = modules.generation();
    if (generation_ != generation) {
        forget_stack();
        generation_ = generation;
    }
    const uint32_t kept = stack_.capture(start, standing, bounds_, depth);
    if (!stack_.met()) ++whole_walks_;
    if (domain != domain_) {
        domain_ = domain;
        leave_tree();
    }
    if (kept < interned_) interned_ = kept;
    site_ = SiteId{0};
    const Tree tree{domain, scope_};
    const NodeId leaf =
        sites.intern(stack_, tree, path_, interned_, [&](SiteId site) { counters.fetch(site); });
    if (raw(leaf) == 0) return SiteId{0};
    site_ = sites.site(leaf, tree);
    if (raw(site_) != 0) recent_.keep(set, start, stack_, path_.nodes, site_);
    return site_;
}

// The frames stay what they are, but their nodes are others.
void CallStack::leave_tree() {
    recent_.forget();
    interned_ = 0;
    site_ = SiteId{0};
}

void CallStack::forget_stack() {
    stack_.forget();
    leave_tree();
}

void CallStack::forget() {
    forget_stack();
    bounds_ = StackBounds{};
}

}  // namespace heapdrift
