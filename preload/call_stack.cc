#include "preload/call_stack.h"

namespace heapdrift {

SiteId CallStack::site_of_new_stack(StartState start, uint32_t standing, uint32_t set,
                                    Domain domain, uint32_t depth, SiteTable& sites,
                                    const ModuleList& modules, CounterTable& counters) {
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
    path_.keep(kept);
    const Tree tree{domain, scope_};
    const PathHash hash = sites.hash(stack_, tree, path_);
    // What was found out before a module was unloaded does not hold after it.
    const uint64_t check = hash.check ^ static_cast<uint64_t>(generation) << 32;
    site_ = sites.find(hash, [&](SiteId site) { return counters.vouches(site, check); });
    if (raw(site_) == 0) {
        site_ = sites.intern(stack_, tree, path_);
        if (raw(site_) != 0) counters.vouch(site_, check);
    }
    if (raw(site_) != 0) recent_.keep(set, start, stack_, path_.hashes, site_);
    return site_;
}

// The frames stay what they are, but their paths are others.
void CallStack::leave_tree() {
    recent_.forget();
    path_.keep(0);
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
