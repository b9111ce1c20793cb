// Capturing a call stack: from the caller of a hook outwards, one rule for each frame, into memory
// of the caller. Never faults, whatever lies on the stack, and always ends.
#pragma once

#include <cstdint>

#include "core/session_format.h"
#include "preload/unwind/stack_bounds.h"
#include "preload/unwind/unwind_rule.h"

namespace heapdrift {

// One frame of a call stack. `address` is a return address, or for FrameKind::interrupted the
// instruction at which a signal struck.
struct Frame {
    uint64_t
        slot;  // where the address was read; for the first frame, where the hook's caller put it
    uint64_t address;
    uint64_t bp;      // rbp in this frame
    UnwindRule rule;  // how its caller was found
    FrameKind kind;
    bool ordinary;  // native, and all its rule reads besides rbp is the caller's return address
};

// The registers as they are in the caller of a hook, right after the hook has returned.
struct StartState {
    uint64_t pc;
    uint64_t sp;
    uint64_t bp;
};

// To be called in the hook itself, which __builtin_frame_address makes keep a frame pointer.
[[gnu::always_inline]] inline StartState start_state_of_caller() {
    const auto* frame = static_cast<const uint64_t*>(__builtin_frame_address(0));
    return {frame[1], reinterpret_cast<uint64_t>(frame + 2), frame[0]};
}

// Writes at most `limit` frames, innermost first, and returns how many. `end` says how far out they
// reach; frames beyond the limit are depth_limit, though a stack of exactly `limit` frames is
// complete.
uint32_t walk(const StartState& start, StackBounds& bounds, Frame* out, uint32_t limit,
              StackEnd& end);

// The same, but stops as soon as it comes to a frame that `memory` knows the rest of. Then `end` is
// left alone, the frame is not among those written, and memory.met() is true.
class RememberedStack;
uint32_t walk_until_met(const StartState& start, StackBounds& bounds, RememberedStack& memory,
                        Frame* out, uint32_t limit, StackEnd& end);

}  // namespace heapdrift
