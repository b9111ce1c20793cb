#include "preload/unwind/remembered_stack.h"

namespace heapdrift {
namespace {

bool reads_rbp(UnwindRule rule) {
    return rule.kind == RuleKind::rbp || rule.kind == RuleKind::rbp_memory ||
           rule.saved_rbp == SavedRbp::at_rbp;
}

bool leads_outwards(UnwindRule rule) {
    return rule.kind == RuleKind::rsp || rule.kind == RuleKind::rbp ||
           rule.kind == RuleKind::rsp_memory || rule.kind == RuleKind::rbp_memory;
}

}  // namespace

// Frames of which the links stand: how many do so with their other words too.
uint32_t RememberedStack::with_standing_words(uint32_t frames) const {
    const uint32_t words = details_[frames - 1].saved_words;
    uint32_t standing = 0;
    while (standing < words && StackReader::holds(words_[standing])) ++standing;
    while (frames > 0 && details_[frames - 1].saved_words > standing) --frames;
    return frames;
}

uint32_t RememberedStack::capture(const StartState& start, uint32_t standing, StackBounds& bounds,
                                  uint32_t limit) {
    met_ = false;
    cursor_ = standing;
    StackEnd end = end_;
    const uint32_t walked = walk_until_met(start, bounds, *this, walked_, limit, end);
    const uint32_t kept = met_ ? cursor_ : 0;
    if (walked + kept > limit) {
        // The limit would cut remembered frames: a walk of its own finds where.
        forget();
        return capture(start, 0, bounds, limit);
    }
    end_ = end;
    replace(kept, walked, bounds.covers(start.sp) ? bounds.top() : 0);
    return kept;
}

// Puts the walked frames on top of the first `kept` ones. top: of the stack, 0 when it is not the
// thread's own.
void RememberedStack::replace(uint32_t kept, uint32_t walked, uint64_t top) {
    count_ = verifiable_ = kept;
    bool verifiable = top != 0 && (end_ == StackEnd::complete || end_ == StackEnd::no_rule);
    while (walked > 0) {
        if (verifiable) walked = push_ordinary(walked);
        if (walked == 0) return;
        verifiable = push(walked_[--walked], verifiable ? top : 0) && verifiable;
        if (verifiable) verifiable_ = count_;
    }
}

// Appends the frames that read nothing but their caller's return address: it stands in the link of
// the frame before. Returns how many of the walked ones are left.
uint32_t RememberedStack::push_ordinary(uint32_t walked) {
    if (count_ == 0 || details_[count_ - 1].bp_live) return walked;
    const Details details = {details_[count_ - 1].saved_words, FrameKind::native, false};
    StackWord* link = links_ + count_;
    Details* detail = details_ + count_;
    const Frame* frame = walked_ + walked;
    while (frame != walked_ && frame[-1].ordinary && frame[-1].slot < link[-1].slot) {
        --frame;
        *link++ = {frame->slot, frame->address};
        *detail++ = details;
    }
    count_ = verifiable_ = static_cast<uint32_t>(link - links_);
    return static_cast<uint32_t>(frame - walked_);
}

// Appends a frame inside the last one, with the words that led from it to its caller. False if it
// cannot be verified later.
bool RememberedStack::push(const Frame& frame, uint64_t top) {
    const uint32_t at = count_++;
    const bool outermost = at == 0;
    const bool outer_live = !outermost && details_[at - 1].bp_live;
    links_[at] = {frame.slot, frame.address};
    live_bps_[at] = frame.bp;
    details_[at] = {outermost ? 0 : details_[at - 1].saved_words, frame.kind, false};
    if (top == 0 || frame.kind != FrameKind::native || frame.slot > top - sizeof(uint64_t))
        return false;
    // The outermost frame: its rule led nowhere, and read nothing.
    if (outermost) return !leads_outwards(frame.rule);
    const StackWord& caller = links_[at - 1];
    if (!leads_outwards(frame.rule) || caller.slot <= frame.slot) return false;

    const UnwindRule rule = frame.rule;
    const uint64_t cfa = caller.slot + sizeof(uint64_t);
    const uint64_t caller_bp = live_bps_[at - 1];
    details_[at].bp_live = reads_rbp(rule) || (rule.saved_rbp == SavedRbp::same && outer_live);
    bool pushed = true;
    if (outer_live && rule.saved_rbp == SavedRbp::at_cfa)
        pushed &= push_word(plus(cfa, int64_t{rule.rbp_word} * 8), caller_bp, frame.slot, top);
    if (outer_live && rule.saved_rbp == SavedRbp::at_rbp)
        pushed &= push_word(plus(frame.bp, int64_t{rule.rbp_word} * 8), caller_bp, frame.slot, top);
    if (rule.kind == RuleKind::rsp_memory || rule.kind == RuleKind::rbp_memory) {
        const uint64_t base =
            rule.kind == RuleKind::rsp_memory ? frame.slot + sizeof(uint64_t) : frame.bp;
        pushed &= push_word(plus(base, memory_offset(rule)), plus(cfa, -memory_addend(rule) * 8),
                            frame.slot, top);
    }
    return pushed;
}

bool RememberedStack::push_word(uint64_t address, uint64_t value, uint64_t low, uint64_t top) {
    if (address < low || address > top - sizeof(uint64_t)) return false;
    words_[details_[count_ - 1].saved_words++] = {address, value};
    return true;
}

}  // namespace heapdrift
