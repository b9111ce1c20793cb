// From the place in the program where memory was asked for to a site: captures the stack and
// interns it. Belongs to one thread. The frames that the previous stack had in common keep their
// nodes.
#pragma once

#include "preload/site_table.h"
#include "preload/unwind/remembered_stack.h"

namespace heapdrift {

class CallStack {
public:
    // The site of the stack that begins at `start`; 0 when the session file has no space for it.
    SiteId site(const StartState& start, Domain domain, uint32_t depth, SiteTable& sites,
                const ModuleList& modules);

    // For the next thread, whose stack lies elsewhere.
    void forget() {
        stack_.forget();
        interned_ = 0;
        site_ = SiteId{0};
        bounds_ = StackBounds{};
    }

private:
    NodeId intern(Domain domain, SiteTable& sites);

    StackBounds bounds_;
    RememberedStack stack_;
    // Nodes of the outermost frames of stack_, in the heap's tree: other domains, which are rare,
    // have trees of their own and intern their stacks whole.
    NodeId nodes_[kMaxDepth];
    uint32_t interned_;
    SiteId site_;          // of stack_ in the heap, 0 if it is not known
    uint32_t generation_;  // of the module list when stack_ was captured
};

}  // namespace heapdrift
