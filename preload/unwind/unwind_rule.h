// How to get from one frame to the next further out, for one pc. Everything that a step needs is
// in here, so that a walk costs one look-up and two loads a frame.
//
// "CFA" as DWARF has it: the stack pointer of the caller, right after the call has returned. The
// return address lies at CFA - 8 in every rule but that of a signal frame; code that keeps it
// elsewhere (a register, another slot) is refused.
#pragma once

#include <bit>
#include <cstdint>

namespace heapdrift {

enum class RuleKind : uint8_t {
    unknown = 0,       // not a rule: the all-zero word of an empty table entry
    rsp = 1,           // CFA = rsp + cfa_offset
    rbp = 2,           // CFA = rbp + cfa_offset
    rsp_memory = 3,    // CFA = mem[rsp + offset] + 8 * addend
    rbp_memory = 4,    // CFA = mem[rbp + offset] + 8 * addend: realigned frames (DRAP)
    signal_frame = 5,  // the kernel's rt_sigframe: rsp, rip and rbp are in its ucontext
    end = 6,           // the outermost frame: a thread's or the process's entry point
    refuse = 7,        // no unwind information, or none that can be followed exactly
};

// Where the frame's function saved its caller's rbp.
enum class SavedRbp : uint8_t {
    same = 0,    // not saved: rbp still holds it
    at_cfa = 1,  // mem[CFA + 8 * rbp_word]
    at_rbp = 2,  // mem[rbp + 8 * rbp_word]: realigned frames
    lost = 3,    // somewhere that is not followed; outer frames that need it are unreadable
};

struct UnwindRule {
    int32_t cfa_offset = 0;  // with the addend beside it in the memory kinds: see below
    int16_t rbp_word = 0;
    RuleKind kind = RuleKind::unknown;
    SavedRbp saved_rbp = SavedRbp::same;
};
static_assert(sizeof(UnwindRule) == sizeof(uint64_t), "a rule is stored as one atomic word");

// What the memory kinds need besides: an offset of 24 bits and an addend of 8 share cfa_offset, so
// that the rules of ordinary frames, which each step of a walk takes apart, have whole bytes.
constexpr bool fits_memory_operands(int64_t offset, int64_t addend) {
    return offset >= -(1 << 23) && offset < 1 << 23 && addend == static_cast<int8_t>(addend);
}
constexpr int32_t memory_operands(int64_t offset, int64_t addend) {
    return static_cast<int32_t>(offset * 256 + (addend & 0xff));
}
constexpr int64_t memory_offset(UnwindRule rule) {
    return rule.cfa_offset >> 8;
}
constexpr int64_t memory_addend(UnwindRule rule) {
    return static_cast<int8_t>(rule.cfa_offset & 0xff);
}

constexpr UnwindRule refused_rule() {
    UnwindRule rule;
    rule.kind = RuleKind::refuse;
    return rule;
}

constexpr UnwindRule end_rule() {
    UnwindRule rule;
    rule.kind = RuleKind::end;
    return rule;
}

// An address at a rule's offset, which may be negative, from a register's value.
constexpr uint64_t plus(uint64_t base, int64_t offset) {
    return base + static_cast<uint64_t>(offset);
}

inline uint64_t rule_bits(UnwindRule rule) {
    return std::bit_cast<uint64_t>(rule);
}
inline UnwindRule rule_from_bits(uint64_t bits) {
    return std::bit_cast<UnwindRule>(bits);
}

// Offsets from the stack pointer in the frame that the kernel pushes for a signal handler: the
// siginfo's ucontext begins there when the handler has returned. Kernel ABI, the same for all
// libcs.
inline constexpr int32_t kSignalRbpOffset = 120;
inline constexpr int32_t kSignalRspOffset = 160;
inline constexpr int32_t kSignalRipOffset = 168;

// A pc and how it came to be on the stack. The two are looked up differently: a return address may
// lie behind the last instruction of its function (a call that never returns), so the address
// before it counts; an interrupted pc is an instruction yet to be run, and counts itself.
enum class PcKind : uint8_t { return_address, interrupted };

constexpr uint64_t lookup_address(uint64_t pc, PcKind kind) {
    return kind == PcKind::return_address ? pc - 1 : pc;
}

}  // namespace heapdrift
