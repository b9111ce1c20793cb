#include "preload/unwind/remembered_stack.h"

#include "preload/unwind/stack_reader.h"

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

// Compares all words from the innermost of `frames` frames outwards. At the first that differs,
// no frame at or inside the one that read it can stand, and none is tried again in this walk.
bool RememberedStack::stands(uint32_t frames) {
    for (uint32_t i = frames_[frames - 1].words; i-- > 0;)
        if (StackReader::load(words_[i].address) != words_[i].value) [[unlikely]] {
            while (cursor_ > 0 && frames_[cursor_ - 1].words > i) --cursor_;
            return false;
        }
    met_ = true;
    return true;
}

uint32_t RememberedStack::capture(const StartState& start, StackBounds& bounds, uint32_t limit) {
    met_ = false;
    // The words lie between the frame met and the top of the stack; on another stack none is met.
    cursor_ = bounds.covers(start.sp) ? verifiable_ : 0;
    StackEnd end = end_;
    const uint32_t walked = walk_until_met(start, bounds, *this, walked_, limit, end);
    uint32_t kept = cursor_;
    if (!met_) {
        kept = same_outer_frames(walked, end);
        count_ = 0;
    } else if (walked + kept > limit) {
        // The limit would cut remembered frames: a walk of its own finds where.
        forget();
        return capture(start, bounds, limit);
    }
    end_ = end;
    replace(met_ ? kept : 0, walked, bounds.covers(start.sp) ? bounds.top() : 0);
    return kept;
}

// After a walk to the end: in how many outer frames it agrees with the previous stack.
uint32_t RememberedStack::same_outer_frames(uint32_t walked, StackEnd end) const {
    if (end != end_) return 0;
    const uint32_t most = walked < count_ ? walked : count_;
    uint32_t same = 0;
    while (same < most && frames_[same].address == walked_[walked - 1 - same].address &&
           frames_[same].kind == walked_[walked - 1 - same].kind)
        ++same;
    return same;
}

// Puts the walked frames on top of the first `kept` ones. top: of the stack, 0 when it is not the
// thread's own.
void RememberedStack::replace(uint32_t kept, uint32_t walked, uint64_t top) {
    count_ = kept;
    bool verifiable = top != 0 && (end_ == StackEnd::complete || end_ == StackEnd::no_rule);
    for (uint32_t i = walked; i-- > 0;) {
        Frame caller{};
        const Frame* outer = i + 1 < walked ? &walked_[i + 1] : nullptr;
        if (outer == nullptr && count_ > 0) {
            const RememberedFrame& met = frames_[count_ - 1];
            caller = {met.address, met.slot, met.kind, met.bp, UnwindRule()};
            outer = &caller;
        }
        verifiable &= push(walked_[i], outer, verifiable ? top : 0);
    }
    verifiable_ = verifiable ? count_ : 0;
}

// Appends a frame inside the last one, with the words that led from it to its caller. False if it
// cannot be verified later.
bool RememberedStack::push(const Frame& frame, const Frame* caller, uint64_t top) {
    const RememberedFrame* outer = count_ > 0 ? &frames_[count_ - 1] : nullptr;
    RememberedFrame& own = frames_[count_++];
    const bool outer_live = outer != nullptr && outer->bp_live;
    own = {frame.address, frame.slot, frame.bp, outer == nullptr ? 0 : outer->words,
           frame.kind,    false};
    if (top == 0 || frame.kind != FrameKind::native) return false;
    // The outermost frame: its rule led nowhere, and read nothing.
    if (caller == nullptr) return !leads_outwards(frame.rule);
    if (!leads_outwards(frame.rule) || caller->slot <= frame.slot) return false;

    const UnwindRule rule = frame.rule;
    const uint64_t cfa = caller->slot + sizeof(uint64_t);
    own.bp_live = reads_rbp(rule) || (rule.saved_rbp == SavedRbp::same && outer_live);
    bool pushed = push_word(caller->slot, caller->address, frame.slot, top);
    if (outer_live && rule.saved_rbp == SavedRbp::at_cfa)
        pushed &= push_word(plus(cfa, int64_t{rule.rbp_word} * 8), caller->bp, frame.slot, top);
    if (outer_live && rule.saved_rbp == SavedRbp::at_rbp)
        pushed &=
            push_word(plus(frame.bp, int64_t{rule.rbp_word} * 8), caller->bp, frame.slot, top);
    if (rule.kind == RuleKind::rsp_memory || rule.kind == RuleKind::rbp_memory) {
        const uint64_t base =
            rule.kind == RuleKind::rsp_memory ? frame.slot + sizeof(uint64_t) : frame.bp;
        pushed &= push_word(plus(base, rule.cfa_offset), plus(cfa, -int64_t{rule.cfa_addend} * 8),
                            frame.slot, top);
    }
    return pushed;
}

bool RememberedStack::push_word(uint64_t address, uint64_t value, uint64_t low, uint64_t top) {
    if (address < low || address > top - sizeof(uint64_t)) return false;
    words_[frames_[count_ - 1].words++] = {address, value};
    return true;
}

}  // namespace heapdrift
