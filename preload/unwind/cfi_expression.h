// DWARF expressions of unwind information, understood rather than run: the pc is fixed, so what
// remains is an address relative to one register, possibly with one word of memory read on the way.
#pragma once

#include <cstdint>

#include "preload/unwind/byte_cursor.h"

namespace heapdrift {

// What an expression computes.
struct CfiValue {
    enum class Form : uint8_t {
        unsupported,
        constant,           // offset
        register_relative,  // register + offset
        cfa_relative,       // CFA + offset
        memory,             // mem[register + offset] + addend
    };
    Form form = Form::unsupported;
    uint8_t reg = 0;
    int64_t offset = 0;
    int64_t addend = 0;
};

inline constexpr uint8_t kRegisterRbp = 6;
inline constexpr uint8_t kRegisterRsp = 7;
inline constexpr uint8_t kRegisterRip = 16;

// `cfa_on_stack`: rules of registers start with the CFA on the expression's stack, the rule of
// the CFA itself starts with nothing.
CfiValue understand_expression(ByteCursor expression, uint64_t pc, bool cfa_on_stack);

}  // namespace heapdrift
