// A thread's previous call stack, and how much of it still stands.
//
// One step of a walk is a pure function of the frame's pc, stack slot and rbp, of the pc's rule,
// and of the words that the rule reads; so the frames further out are the remembered ones if and
// only if a frame agrees in these and every word that was read from there outwards still has its
// value. Comparing them needs no rules, and its loads do not wait for each other. Nothing is
// assumed about what ran in between.
//
// Only frames whose words all lie on the thread's own stack, in order, can be verified: such
// memory, between the stack pointer and the stack's top, can be read at any time. A module that
// was unloaded changes rules: then the memory must be dropped (forget).
#pragma once

#include <cstdint>

#include "preload/unwind/stack_reader.h"
#include "preload/unwind/stack_walk.h"

namespace heapdrift {

class RememberedStack {
public:
    // Frames are numbered from the outermost, 0, inwards. How many of the outer ones are on the
    // stack now as they were at the last capture. sp: the stack pointer, on the thread's own stack
    // (bounds.covers).
    [[gnu::always_inline]] uint32_t standing(uint64_t sp) {
        const StackWord* end = links_ + verifiable_;
        while (end != links_ && end[-1].slot < sp - sizeof(uint64_t)) --end;
        const StackWord* link = links_;
        // Four at a time: the loads of a frame wait for no other's.
        while (end - link >= 4 && StackReader::holds(link[0]) && StackReader::holds(link[1]) &&
               StackReader::holds(link[2]) && StackReader::holds(link[3]))
            link += 4;
        while (link != end && StackReader::holds(*link)) ++link;
        auto frames = static_cast<uint32_t>(link - links_);
        if (frames > 0 && details_[frames - 1].saved_words > 0) [[unlikely]]
            frames = with_standing_words(frames);
        return frames;
    }

    // Whether the innermost of `frames` frames that stand is the one that the capture would start
    // at: then the whole stack is known.
    bool is_start(uint32_t frames, const StartState& start) const {
        return frames > 0 && links_[frames - 1].slot == start.sp - sizeof(uint64_t) &&
               (!details_[frames - 1].bp_live || live_bps_[frames - 1] == start.bp);
    }

    // What now stands in the slot of the outermost frame that does not stand any more; 0 if that
    // frame was left, and its slot with it.
    uint64_t first_changed_word(uint32_t standing, uint64_t sp) const {
        if (standing >= verifiable_ || links_[standing].slot < sp - sizeof(uint64_t)) return 0;
        return StackReader::load(links_[standing].slot);
    }

    // Captures the stack from `start` on. `standing`: what standing(start.sp) has just said, 0 on
    // another stack than the thread's own. Returns how many of the outer frames are those of the
    // previous capture.
    uint32_t capture(const StartState& start, uint32_t standing, StackBounds& bounds,
                     uint32_t limit);

    uint32_t count() const { return count_; }
    StackEnd end() const { return end_; }
    uint64_t address(uint32_t position) const { return links_[position].address; }
    uint64_t slot(uint32_t position) const { return links_[position].slot; }
    FrameKind kind(uint32_t position) const { return details_[position].kind; }
    // Whether some frame from here outwards takes its CFA from this frame's rbp, and what it is
    // then.
    bool bp_live(uint32_t position) const { return details_[position].bp_live; }
    uint64_t live_bp(uint32_t position) const { return live_bps_[position]; }
    // Whether this frame and all further out can be verified.
    bool verifiable(uint32_t position) const { return position < verifiable_; }

    // The words that a walk reads on its way from frame `inner` to frame `outer`, both verifiable:
    // how many, and each.
    uint32_t words_between(uint32_t outer, uint32_t inner) const {
        return inner - outer + details_[inner].saved_words - details_[outer].saved_words;
    }
    template <typename Visit>
    void for_words_between(uint32_t outer, uint32_t inner, Visit visit) const {
        for (uint32_t position = inner; position > outer; --position) visit(links_[position - 1]);
        for (uint32_t i = details_[inner].saved_words; i > details_[outer].saved_words; --i)
            visit(words_[i - 1]);
    }

    void forget() { count_ = verifiable_ = 0; }

    // For the walk, which comes from further in: the slot of the next frame that stands, and
    // whether the walk is at it, so that it and all further out are known.
    uint64_t next_slot() const { return cursor_ > 0 ? links_[cursor_ - 1].slot : ~uint64_t{0}; }
    bool meets(uint64_t slot, uint64_t bp) {
        while (cursor_ > 0 && links_[cursor_ - 1].slot < slot) --cursor_;
        if (cursor_ == 0 || links_[cursor_ - 1].slot != slot) return false;
        // Its return address is the remembered one: the link stands.
        if (details_[cursor_ - 1].bp_live && live_bps_[cursor_ - 1] != bp) return false;
        met_ = true;
        return true;
    }
    bool met() const { return met_; }

private:
    struct Details {
        // How many words besides return addresses were read from here outwards: words_[0] to
        // [saved_words - 1].
        uint32_t saved_words;
        FrameKind kind;
        bool bp_live;
    };
    static constexpr uint32_t kWordsPerFrame = 2;

    uint32_t with_standing_words(uint32_t frames) const;
    void replace(uint32_t kept, uint32_t walked, uint64_t top);
    uint32_t push_ordinary(uint32_t walked);
    bool push(const Frame& frame, uint64_t top);
    bool push_word(uint64_t address, uint64_t value, uint64_t low, uint64_t top);

    uint32_t count_;
    uint32_t verifiable_;  // how many frames, from the outermost, can be verified
    uint32_t cursor_;      // during a walk: frames further in are passed
    bool met_;
    StackEnd end_;
    StackWord links_[kMaxDepth];  // each frame's slot and the return address in it
    Details details_[kMaxDepth];
    uint64_t live_bps_[kMaxDepth];  // where bp_live
    StackWord words_[kMaxDepth * kWordsPerFrame];
    Frame walked_[kMaxDepth];  // of the walk in progress, innermost first
};

}  // namespace heapdrift
