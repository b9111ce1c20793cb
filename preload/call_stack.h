// From the place in the program where memory was asked for to a site: captures the stack and
// interns it. Belongs to one thread. The frames that the previous stack had in common keep their
// nodes.
#pragma once

#include "preload/counter_table.h"
#include "preload/recent_stacks.h"
#include "preload/site_table.h"
#include "preload/unwind/remembered_stack.h"

namespace heapdrift {

class CallStack {
public:
    // The site of the stack that begins at `start`; 0 when the session file has no space for it.
    // counters: those that will count at it.
    [[gnu::always_inline]] SiteId site(const StartState& start, Domain domain, uint32_t depth,
                                       SiteTable& sites, const ModuleList& modules,
                                       CounterTable& counters) {
        uint32_t standing = 0;
        uint32_t set = 0;
        if (bounds_.covers(start.sp) && generation_ == modules.generation()) [[likely]] {
            standing = stack_.standing(start.sp);
            if (domain == domain_) [[likely]] {
                if (standing == stack_.count() && raw(site_) != 0 &&
                    stack_.is_start(standing, start))
                    return site_;
                const uint32_t known = standing < path_.hashed ? standing : path_.hashed;
                set = RecentStacks::set_of(start, stack_.first_changed_word(standing, start.sp));
                if (const SiteId site = recent_.find(set, start, stack_, known, path_.hashes);
                    raw(site) != 0)
                    return site;
            }
        }
        return site_of_new_stack(start, standing, set, domain, depth, sites, modules, counters);
    }

    // The site of a stack that was captured by other means.
    template <typename Stack>
    SiteId site_of(const Stack& stack, Domain domain, SiteTable& sites) {
        leave_tree();
        const Tree tree{domain, scope_};
        sites.hash(stack, tree, path_);
        const SiteId site = sites.intern(stack, tree, path_);
        leave_tree();
        return site;
    }

    // What follows belongs to another scope. Costs captures nothing: they find that no site is
    // known.
    void set_scope(Scope scope) {
        if (scope == scope_) return;
        scope_ = scope;
        leave_tree();
    }

    // How many captures found no remembered frame to go on from.
    uint64_t whole_walks() const { return whole_walks_; }

    // For the next thread, whose stack lies elsewhere.
    void forget();

private:
    // set: where recent_ was searched, and is to keep it.
    SiteId site_of_new_stack(StartState start, uint32_t standing, uint32_t set, Domain domain,
                             uint32_t depth, SiteTable& sites, const ModuleList& modules,
                             CounterTable& counters);
    void forget_stack();
    void leave_tree();

    StackBounds bounds_;
    uint32_t generation_;  // of the module list when stack_ was captured
    Domain domain_;        // this and the scope: in whose tree the nodes are
    Scope scope_;
    SiteId site_;  // of stack_, 0 if it is not known
    uint64_t whole_walks_;
    RecentStacks recent_;
    RememberedStack stack_;
    StackPath path_;  // of stack_
};

}  // namespace heapdrift
