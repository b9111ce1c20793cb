// From the place in the program where memory was asked for to a site: walks the stack and interns
// it. Belongs to one thread. Keeps the frames of the previous call, since the outer ones are mostly
// the same: their nodes are taken over instead of looked up.
#pragma once

#include "preload/site_table.h"
#include "preload/unwind/stack_walk.h"

namespace heapdrift {

class CallStack {
public:
    // The site of the stack that begins at `start`; 0 when the session file has no space for it.
    SiteId site(const StartState& start, Domain domain, uint32_t depth, SiteTable& sites,
                const ModuleList& modules);

    // For the next thread, whose stack lies elsewhere.
    void forget() {
        site_ = SiteId{0};
        bounds_ = StackBounds{};
    }

private:
    struct Capture {
        uint32_t count;
        StackEnd end;
        Frame frames[kMaxDepth];   // innermost first
        NodeId nodes[kMaxDepth];   // of the stack from frames[i] outwards
    };

    uint32_t shared_frames(const Capture& now, const Capture& last) const;

    StackBounds bounds_;
    Capture captures_[2];
    uint32_t last_;        // which of them is the previous one
    SiteId site_;          // its site; 0: there is no previous one
    uint32_t generation_;  // of the module list when it was made
};

}  // namespace heapdrift
