// What a CFI program has said so far, for the four registers that matter here: the CFA, and where
// the caller's rbp, rsp and rip are. All others are read past.
#pragma once

#include <cstdint>

#include "preload/unwind/byte_cursor.h"
#include "preload/unwind/cfi_expression.h"
#include "preload/unwind/unwind_rule.h"

namespace heapdrift {

struct SavedRegister {
    enum class Place : uint8_t {
        unspecified,
        same,
        undefined,
        cfa_offset,  // mem[CFA + offset]
        expression,  // mem[expression]
        elsewhere,   // another register, or computed
    };
    Place place = Place::unspecified;
    int64_t offset = 0;
    ByteCursor expression;
};

struct CfiState {
    uint64_t cfa_register = 0;
    int64_t cfa_offset = 0;
    bool cfa_by_expression = false;
    ByteCursor cfa_expression;
    SavedRegister rbp;
    SavedRegister rsp;
    SavedRegister rip;

    SavedRegister* find(uint64_t reg) {
        switch (reg) {
            case kRegisterRbp:
                return &rbp;
            case kRegisterRsp:
                return &rsp;
            case kRegisterRip:
                return &rip;
            default:
                return nullptr;
        }
    }
};

// The rule that the state amounts to, or a refusal.
UnwindRule make_rule(const CfiState& state, bool signal_frame, uint64_t pc);

}  // namespace heapdrift
