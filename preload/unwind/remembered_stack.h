// A thread's previous call stack, and whether it still stands.
//
// One step of a walk is a pure function of the frame's pc, stack slot and rbp, of the pc's rule,
// and of the words that the rule reads; so the frames further out are the remembered ones if and
// only if a frame agrees in these and every word that was read from there outwards still has its
// value. Comparing them needs no rules, and its loads do not wait for each other. Nothing is
// assumed about what ran in between.
//
// Only walks whose words all lie on the thread's own stack, in order, are remembered: such memory,
// between the stack pointer and the stack's top, can be read at any time. A module that was
// unloaded changes rules: then the memory must be dropped (forget).
#pragma once

#include <cstdint>

#include "preload/unwind/stack_walk.h"

namespace heapdrift {

class RememberedStack {
public:
    // Captures the stack from `start` on. Frames are numbered from the outermost, 0, inwards.
    // Returns how many of the outer frames are those of the previous capture.
    uint32_t capture(const StartState& start, StackBounds& bounds, uint32_t limit);

    uint32_t count() const { return count_; }
    StackEnd end() const { return end_; }
    uint64_t address(uint32_t position) const { return frames_[position].address; }
    FrameKind kind(uint32_t position) const { return frames_[position].kind; }

    void forget() { count_ = verifiable_ = 0; }

    // For the walk: whether the frame it is at, and all further out, are remembered and stand.
    bool meets(uint64_t address, uint64_t slot, uint64_t bp) {
        while (cursor_ > 0 && frames_[cursor_ - 1].slot < slot) --cursor_;
        if (cursor_ == 0) return false;
        const RememberedFrame& frame = frames_[cursor_ - 1];
        if (frame.slot != slot || frame.address != address || (frame.bp_live && frame.bp != bp))
            return false;
        return stands(cursor_);
    }
    bool met() const { return met_; }

private:
    struct RememberedFrame {
        uint64_t address;
        uint64_t slot;
        uint64_t bp;
        uint32_t words;  // how many words were read from here outwards: words_[0] to [words - 1]
        FrameKind kind;
        bool bp_live;  // some frame from here outwards takes its CFA from this frame's rbp
    };
    struct Word {
        uint64_t address;
        uint64_t value;
    };
    static constexpr uint32_t kWordsPerFrame = 3;

    bool stands(uint32_t frames);
    uint32_t same_outer_frames(uint32_t walked, StackEnd end) const;
    void replace(uint32_t kept, uint32_t walked, uint64_t top);
    bool push(const Frame& frame, const Frame* caller, uint64_t top);
    bool push_word(uint64_t address, uint64_t value, uint64_t low, uint64_t top);

    uint32_t count_;
    // How many frames, from the outermost, can be verified: all or none.
    uint32_t verifiable_;
    uint32_t cursor_;  // during a walk: frames further in are passed
    bool met_;
    StackEnd end_;
    RememberedFrame frames_[kMaxDepth];
    Word words_[kMaxDepth * kWordsPerFrame];
    Frame walked_[kMaxDepth];  // of the walk in progress, innermost first
};

}  // namespace heapdrift
