// Runs the program of one function's entry in .eh_frame, row by row: what it says at one place, and
// from there on what it says further on.
#pragma once

#include <cstdint>
#include <type_traits>

#include "preload/unwind/cfi_program.h"
#include "preload/unwind/cfi_state.h"

namespace heapdrift {

class CfiMachine {
public:
    // Goes to the row of `target`, which lies in the function, from its beginning. False where the
    // program is malformed or not understood: then the machine is of no further use.
    bool start(const FrameDescription& description, uint64_t target);

    // Whether the machine has been started in this function, and is no further than `target`; and
    // then on from where it is.
    bool is_before(const FrameDescription& description, uint64_t target) const {
        return program_begin_ == description.program.at() &&
               description_.function_begin == description.function_begin &&
               target >= (passed_target_ ? row_begin_ : location_);
    }
    bool go_on(uint64_t target);

    const CfiState& state() const { return state_; }
    // How many bytes of the program lie behind.
    uint64_t passed_bytes() const { return description_.program.at() - program_begin_; }

private:
    // Compilers nest remembered states one deep, hand-written assembly a little more.
    static constexpr unsigned kMaxRemembered = 8;

    bool run_program(ByteCursor& program);
    bool step(ByteCursor& in);
    bool step_extended(uint8_t opcode, ByteCursor& in);
    bool step_cfa(uint8_t opcode, ByteCursor& in);
    bool advance(uint64_t amount);
    bool move_to(uint64_t location);
    int64_t factored(uint64_t offset) const;
    int64_t factored_signed(int64_t offset) const;
    bool save(uint64_t reg, SavedRegister::Place place, int64_t offset, ByteCursor expression = {});
    bool restore(uint64_t reg);
    bool remember();
    bool recall();

    FrameDescription description_;  // its program: what is still to be run
    uint64_t program_begin_ = 0;
    uint64_t target_ = 0;
    // Once the target is passed state_ holds from the first to the second of these; else from the
    // second on.
    uint64_t row_begin_ = 0;
    uint64_t location_ = 0;
    bool passed_target_ = false;
    CfiState state_;
    CfiState initial_;
    // Bytes, since most programs remember nothing: to clear them would be most of the work.
    alignas(CfiState) uint8_t remembered_[kMaxRemembered][sizeof(CfiState)];
    static_assert(std::is_trivially_copyable_v<CfiState>);
    unsigned remembered_count_ = 0;
};

}  // namespace heapdrift
