#include "preload/call_stack.h"

namespace heapdrift {
namespace {

bool same(const Frame& left, const Frame& right) {
    return left.address == right.address && left.kind == right.kind;
}

}  // namespace

// How many of the outermost frames are those of the previous stack.
uint32_t CallStack::shared_frames(const Capture& now, const Capture& last) const {
    if (now.end != last.end) return 0;
    const uint32_t most = now.count < last.count ? now.count : last.count;
    uint32_t shared = 0;
    while (shared < most &&
           same(now.frames[now.count - 1 - shared], last.frames[last.count - 1 - shared]))
        ++shared;
    return shared;
}

SiteId CallStack::site(const StartState& start, Domain domain, uint32_t depth, SiteTable& sites,
                       const ModuleList& modules) {
    Capture& now = captures_[1 - last_];
    const Capture& last = captures_[last_];
    now.count = walk(start, bounds_, now.frames, depth, now.end);

    // Another module may have been loaded where the frames remembered had theirs.
    if (generation_ != modules.generation()) site_ = SiteId{0};
    generation_ = modules.generation();

    // Only heap stacks are remembered: each domain has a tree of its own, and others are rare.
    const bool remembered = domain == Domain::heap && raw(site_) != 0;
    const uint32_t shared = remembered ? shared_frames(now, last) : 0;
    if (shared != 0 && shared == now.count && shared == last.count) return site_;

    NodeId node = shared > 0 ? last.nodes[last.count - shared] : sites.root(domain, now.end);
    for (uint32_t i = 1; i <= shared; ++i)
        now.nodes[now.count - i] = last.nodes[last.count - i];
    for (uint32_t i = now.count - shared; i-- > 0 && raw(node) != 0;) {
        node = sites.child(node, now.frames[i].address, now.frames[i].kind);
        now.nodes[i] = node;
    }
    if (raw(node) == 0) return SiteId{0};
    const SiteId site = sites.site(node, domain);
    if (domain == Domain::heap && raw(site) != 0) {
        last_ = 1 - last_;
        site_ = site;
    }
    return site;
}

}  // namespace heapdrift
