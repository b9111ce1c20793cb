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

class SiteTable {
public:
    constexpr SiteTable(SessionFile& file, ModuleList& modules)
        : file_(file), modules_(modules), index_(file) {}

    // The outer end of all stacks of a domain that end in this way; 0 without space.
    NodeId root(Domain domain, StackEnd end);
    // The node of a frame called from `parent`; made if it is new. 0 without space.
    NodeId child(NodeId parent, uint64_t address, FrameKind kind);
    // The site of the stack whose innermost frame is `leaf`; made if it is new. 0 without space.
    SiteId site(NodeId leaf, Domain domain);

    void forget();

private:
    static constexpr uint32_t kEnds = 4;

    SessionFile& file_;
    ModuleList& modules_;
    NodeIndex index_;
    std::atomic<uint32_t> roots_[kDomainCount][kEnds] = {};
};

}  // namespace heapdrift
