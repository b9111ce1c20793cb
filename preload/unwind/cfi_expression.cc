#include "preload/unwind/cfi_expression.h"

namespace heapdrift {
namespace {

using Form = CfiValue::Form;

constexpr unsigned kStackDepth = 8;

namespace op {
constexpr uint8_t kDeref = 0x06;
constexpr uint8_t kConst1u = 0x08;
constexpr uint8_t kConst1s = 0x09;
constexpr uint8_t kConst2u = 0x0a;
constexpr uint8_t kConst2s = 0x0b;
constexpr uint8_t kConst4u = 0x0c;
constexpr uint8_t kConst4s = 0x0d;
constexpr uint8_t kConst8u = 0x0e;
constexpr uint8_t kConst8s = 0x0f;
constexpr uint8_t kConstu = 0x10;
constexpr uint8_t kConsts = 0x11;
constexpr uint8_t kAnd = 0x1a;
constexpr uint8_t kMinus = 0x1c;
constexpr uint8_t kOr = 0x21;
constexpr uint8_t kPlus = 0x22;
constexpr uint8_t kPlusUconst = 0x23;
constexpr uint8_t kShl = 0x24;
constexpr uint8_t kShr = 0x25;
constexpr uint8_t kEq = 0x29;
constexpr uint8_t kGe = 0x2a;
constexpr uint8_t kGt = 0x2b;
constexpr uint8_t kLe = 0x2c;
constexpr uint8_t kLt = 0x2d;
constexpr uint8_t kNe = 0x2e;
constexpr uint8_t kLit0 = 0x30;
constexpr uint8_t kLit31 = 0x4f;
constexpr uint8_t kBreg0 = 0x70;
constexpr uint8_t kBreg31 = 0x8f;
constexpr uint8_t kNop = 0x96;
}  // namespace op

int64_t wrapping_add(int64_t a, int64_t b) {
    return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

CfiValue constant(int64_t value) {
    return {Form::constant, 0, value, 0};
}

CfiValue add_constant(CfiValue value, int64_t amount) {
    int64_t& sum = value.form == Form::memory ? value.addend : value.offset;
    sum = wrapping_add(sum, amount);
    return value;
}

CfiValue dereference(const CfiValue& address) {
    if (address.form != Form::register_relative) return {};
    return {Form::memory, address.reg, address.offset, 0};
}

CfiValue combine_constants(uint8_t opcode, int64_t left, int64_t right) {
    const auto bits = static_cast<uint64_t>(left);
    switch (opcode) {
        case op::kAnd:
            return constant(left & right);
        case op::kOr:
            return constant(left | right);
        case op::kShl:
            return constant(right < 0 || right > 63 ? 0 : static_cast<int64_t>(bits << right));
        case op::kShr:
            return constant(right < 0 || right > 63 ? 0 : static_cast<int64_t>(bits >> right));
        case op::kEq:
            return constant(left == right);
        case op::kGe:
            return constant(left >= right);
        case op::kGt:
            return constant(left > right);
        case op::kLe:
            return constant(left <= right);
        case op::kLt:
            return constant(left < right);
        case op::kNe:
            return constant(left != right);
        default:
            return {};
    }
}

CfiValue combine(uint8_t opcode, const CfiValue& left, const CfiValue& right) {
    if (opcode == op::kPlus) {
        if (right.form == Form::constant) return add_constant(left, right.offset);
        if (left.form == Form::constant) return add_constant(right, left.offset);
        return {};
    }
    if (right.form != Form::constant) return {};
    if (opcode == op::kMinus) return add_constant(left, wrapping_add(~right.offset, 1));
    if (left.form != Form::constant) return {};
    return combine_constants(opcode, left.offset, right.offset);
}

// The value that an opcode pushes without taking one, or unsupported.
CfiValue read_pushed(uint8_t opcode, ByteCursor& cursor, uint64_t pc) {
    if (opcode >= op::kLit0 && opcode <= op::kLit31) return constant(opcode - op::kLit0);
    if (opcode >= op::kBreg0 && opcode <= op::kBreg31) {
        const auto reg = static_cast<uint8_t>(opcode - op::kBreg0);
        const int64_t offset = cursor.sleb128();
        if (reg == kRegisterRip) return constant(wrapping_add(static_cast<int64_t>(pc), offset));
        return {Form::register_relative, reg, offset, 0};
    }
    switch (opcode) {
        case op::kConst1u:
            return constant(cursor.u8());
        case op::kConst1s:
            return constant(static_cast<int8_t>(cursor.u8()));
        case op::kConst2u:
            return constant(cursor.u16());
        case op::kConst2s:
            return constant(static_cast<int16_t>(cursor.u16()));
        case op::kConst4u:
            return constant(cursor.u32());
        case op::kConst4s:
            return constant(static_cast<int32_t>(cursor.u32()));
        case op::kConst8u:
        case op::kConst8s:
            return constant(static_cast<int64_t>(cursor.u64()));
        case op::kConstu:
            return constant(static_cast<int64_t>(cursor.uleb128()));
        case op::kConsts:
            return constant(cursor.sleb128());
        default:
            return {};
    }
}

}  // namespace

CfiValue understand_expression(ByteCursor expression, uint64_t pc, bool cfa_on_stack) {
    CfiValue stack[kStackDepth];
    unsigned depth = 0;
    if (cfa_on_stack) stack[depth++] = {Form::cfa_relative, 0, 0, 0};
    while (!expression.at_end()) {
        const uint8_t opcode = expression.u8();
        if (opcode == op::kNop) continue;
        CfiValue result = read_pushed(opcode, expression, pc);
        if (result.form == Form::unsupported) {
            if (depth == 0) return {};
            const CfiValue top = stack[--depth];
            if (opcode == op::kDeref) {
                result = dereference(top);
            } else if (opcode == op::kPlusUconst) {
                result = add_constant(top, static_cast<int64_t>(expression.uleb128()));
            } else {
                if (depth == 0) return {};
                result = combine(opcode, stack[--depth], top);
            }
        }
        if (result.form == Form::unsupported || depth == kStackDepth) return {};
        stack[depth++] = result;
    }
    if (expression.failed() || depth == 0) return {};
    return stack[depth - 1];
}

}  // namespace heapdrift
