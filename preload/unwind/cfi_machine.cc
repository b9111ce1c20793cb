#include "preload/unwind/cfi_machine.h"

#include "preload/unwind/eh_pointer.h"

namespace heapdrift {
namespace {

namespace cfa {
// The three that keep an operand in their low six bits.
constexpr uint8_t kAdvanceLoc = 0x40;
constexpr uint8_t kOffset = 0x80;
constexpr uint8_t kRestore = 0xc0;

constexpr uint8_t kNop = 0x00;
constexpr uint8_t kSetLoc = 0x01;
constexpr uint8_t kAdvanceLoc1 = 0x02;
constexpr uint8_t kAdvanceLoc2 = 0x03;
constexpr uint8_t kAdvanceLoc4 = 0x04;
constexpr uint8_t kOffsetExtended = 0x05;
constexpr uint8_t kRestoreExtended = 0x06;
constexpr uint8_t kUndefined = 0x07;
constexpr uint8_t kSameValue = 0x08;
constexpr uint8_t kRegister = 0x09;
constexpr uint8_t kRememberState = 0x0a;
constexpr uint8_t kRestoreState = 0x0b;
constexpr uint8_t kDefCfa = 0x0c;
constexpr uint8_t kDefCfaRegister = 0x0d;
constexpr uint8_t kDefCfaOffset = 0x0e;
constexpr uint8_t kDefCfaExpression = 0x0f;
constexpr uint8_t kExpression = 0x10;
constexpr uint8_t kOffsetExtendedSf = 0x11;
constexpr uint8_t kDefCfaSf = 0x12;
constexpr uint8_t kDefCfaOffsetSf = 0x13;
constexpr uint8_t kValOffset = 0x14;
constexpr uint8_t kValOffsetSf = 0x15;
constexpr uint8_t kValExpression = 0x16;
constexpr uint8_t kGnuArgsSize = 0x2e;
constexpr uint8_t kGnuNegativeOffsetExtended = 0x2f;
}  // namespace cfa

// Damaged offsets may be of any size: they wrap here and are refused when they fit no rule.
int64_t wrapping_multiply(uint64_t a, int64_t b) {
    return static_cast<int64_t>(a * static_cast<uint64_t>(b));
}

}  // namespace

bool CfiMachine::start(const FrameDescription& description, uint64_t target) {
    description_ = description;
    program_begin_ = description.program.at();
    location_ = description.function_begin;
    target_ = target;
    passed_target_ = false;
    remembered_count_ = 0;
    state_ = {};
    ByteCursor initial = description.initial_program;
    if (!run_program(initial)) return false;
    initial_ = state_;
    location_ = row_begin_ = description.function_begin;
    return go_on(target);
}

bool CfiMachine::go_on(uint64_t target) {
    target_ = target;
    passed_target_ = location_ > target;
    return run_program(description_.program);
}

bool CfiMachine::run_program(ByteCursor& program) {
    while (!program.at_end() && !passed_target_)
        if (!step(program)) return false;
    return !program.failed();
}

bool CfiMachine::step(ByteCursor& in) {
    const uint8_t byte = in.u8();
    const uint8_t operand = byte & 0x3f;
    switch (byte & 0xc0) {
        case cfa::kAdvanceLoc:
            return advance(operand);
        case cfa::kOffset:
            return save(operand, SavedRegister::Place::cfa_offset, factored(in.uleb128()));
        case cfa::kRestore:
            return restore(operand);
        default:
            // What compilers write most: the stack pointer has moved.
            if (byte == cfa::kDefCfaOffset) [[likely]] {
                state_.cfa_offset = static_cast<int64_t>(in.uleb128());
                return !state_.cfa_by_expression;
            }
            return step_extended(byte, in);
    }
}

bool CfiMachine::step_extended(uint8_t opcode, ByteCursor& in) {
    using Place = SavedRegister::Place;
    switch (opcode) {
        case cfa::kNop:
            return true;
        case cfa::kSetLoc:
            return move_to(read_eh_pointer(in, description_.pointer_encoding));
        case cfa::kAdvanceLoc1:
            return advance(in.u8());
        case cfa::kAdvanceLoc2:
            return advance(in.u16());
        case cfa::kAdvanceLoc4:
            return advance(in.u32());
        case cfa::kOffsetExtended: {
            const uint64_t reg = in.uleb128();
            return save(reg, Place::cfa_offset, factored(in.uleb128()));
        }
        case cfa::kOffsetExtendedSf: {
            const uint64_t reg = in.uleb128();
            return save(reg, Place::cfa_offset, factored_signed(in.sleb128()));
        }
        case cfa::kGnuNegativeOffsetExtended: {
            const uint64_t reg = in.uleb128();
            return save(reg, Place::cfa_offset,
                        wrapping_multiply(~uint64_t{0}, factored(in.uleb128())));
        }
        case cfa::kValOffset:
        case cfa::kValOffsetSf: {
            const uint64_t reg = in.uleb128();
            in.sleb128();
            return save(reg, Place::elsewhere, 0);
        }
        case cfa::kRegister: {
            const uint64_t reg = in.uleb128();
            in.uleb128();
            return save(reg, Place::elsewhere, 0);
        }
        case cfa::kUndefined:
            return save(in.uleb128(), Place::undefined, 0);
        case cfa::kSameValue:
            return save(in.uleb128(), Place::same, 0);
        case cfa::kRestoreExtended:
            return restore(in.uleb128());
        case cfa::kExpression: {
            const uint64_t reg = in.uleb128();
            return save(reg, Place::expression, 0, in.take(in.uleb128()));
        }
        case cfa::kValExpression: {
            const uint64_t reg = in.uleb128();
            in.skip(in.uleb128());
            return save(reg, Place::elsewhere, 0);
        }
        case cfa::kRememberState:
            return remember();
        case cfa::kRestoreState:
            return recall();
        case cfa::kGnuArgsSize:
            in.uleb128();
            return true;
        default:
            return step_cfa(opcode, in);
    }
}

bool CfiMachine::step_cfa(uint8_t opcode, ByteCursor& in) {
    switch (opcode) {
        case cfa::kDefCfa:
            state_.cfa_register = in.uleb128();
            state_.cfa_offset = static_cast<int64_t>(in.uleb128());
            break;
        case cfa::kDefCfaSf:
            state_.cfa_register = in.uleb128();
            state_.cfa_offset = factored_signed(in.sleb128());
            break;
        case cfa::kDefCfaRegister:
            state_.cfa_register = in.uleb128();
            break;
        case cfa::kDefCfaOffsetSf:
            state_.cfa_offset = factored_signed(in.sleb128());
            break;
        case cfa::kDefCfaExpression:
            state_.cfa_expression = in.take(in.uleb128());
            state_.cfa_by_expression = true;
            return true;
        default:
            return false;
    }
    // A register alone may follow an expression only together with an offset.
    if (opcode == cfa::kDefCfa || opcode == cfa::kDefCfaSf) state_.cfa_by_expression = false;
    return !state_.cfa_by_expression;
}

bool CfiMachine::advance(uint64_t amount) {
    return move_to(location_ + amount * description_.code_alignment);
}

// Locations only grow. What follows one beyond the target does not concern it.
bool CfiMachine::move_to(uint64_t location) {
    if (location < location_) return false;
    row_begin_ = location_;
    location_ = location;
    passed_target_ = location > target_;
    return true;
}

int64_t CfiMachine::factored(uint64_t offset) const {
    return wrapping_multiply(offset, description_.data_alignment);
}
int64_t CfiMachine::factored_signed(int64_t offset) const {
    return factored(static_cast<uint64_t>(offset));
}

bool CfiMachine::save(uint64_t reg, SavedRegister::Place place, int64_t offset,
                      ByteCursor expression) {
    if (SavedRegister* saved = state_.find(reg)) *saved = {place, offset, expression};
    return true;
}

bool CfiMachine::restore(uint64_t reg) {
    if (SavedRegister* saved = state_.find(reg)) *saved = *initial_.find(reg);
    return true;
}

bool CfiMachine::remember() {
    if (remembered_count_ == kMaxRemembered) return false;
    __builtin_memcpy(remembered_[remembered_count_++], &state_, sizeof(CfiState));
    return true;
}

bool CfiMachine::recall() {
    if (remembered_count_ == 0) return false;
    __builtin_memcpy(static_cast<void*>(&state_), remembered_[--remembered_count_],
                     sizeof(CfiState));
    return true;
}

}  // namespace heapdrift
