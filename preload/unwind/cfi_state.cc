#include "preload/unwind/cfi_state.h"

namespace heapdrift {
namespace {

using Form = CfiValue::Form;
using Place = SavedRegister::Place;

constexpr int64_t kWordSize = 8;
constexpr int64_t kReturnAddressOffset = -kWordSize;

CfiValue cfa_value(const CfiState& state, uint64_t pc) {
    if (state.cfa_by_expression) return understand_expression(state.cfa_expression, pc, false);
    if (state.cfa_register > kRegisterRip) return {};
    return {Form::register_relative, static_cast<uint8_t>(state.cfa_register), state.cfa_offset, 0};
}

// Where a register was saved: cfa_relative or register_relative, or unsupported.
CfiValue saved_at(const SavedRegister& saved, uint64_t pc) {
    if (saved.place == Place::cfa_offset) return {Form::cfa_relative, 0, saved.offset, 0};
    if (saved.place == Place::expression) return understand_expression(saved.expression, pc, true);
    return {};
}

bool is_rsp_relative(const CfiValue& value, int64_t offset) {
    return value.form == Form::register_relative && value.reg == kRegisterRsp &&
           value.offset == offset;
}

// libcs mark the code that returns from a signal handler, and describe the kernel's frame in it.
UnwindRule make_signal_rule(const CfiState& state, uint64_t pc) {
    const CfiValue cfa = cfa_value(state, pc);
    const bool kernel_frame = cfa.form == Form::memory && cfa.reg == kRegisterRsp &&
                              cfa.offset == kSignalRspOffset && cfa.addend == 0 &&
                              is_rsp_relative(saved_at(state.rip, pc), kSignalRipOffset) &&
                              is_rsp_relative(saved_at(state.rbp, pc), kSignalRbpOffset);
    UnwindRule rule = refused_rule();
    if (kernel_frame) rule.kind = RuleKind::signal_frame;
    return rule;
}

bool fits_offset(int64_t offset) {
    return offset == static_cast<int32_t>(offset);
}

bool set_cfa(const CfiValue& cfa, UnwindRule& rule) {
    if (cfa.reg != kRegisterRsp && cfa.reg != kRegisterRbp) return false;
    const bool from_rsp = cfa.reg == kRegisterRsp;
    if (cfa.form == Form::register_relative) {
        if (!fits_offset(cfa.offset)) return false;
        rule.cfa_offset = static_cast<int32_t>(cfa.offset);
        rule.kind = from_rsp ? RuleKind::rsp : RuleKind::rbp;
        // The return address was pushed above what the frame itself uses: a smaller offset would
        // not lead outwards. Walks rely on it for their progress.
        return !from_rsp || cfa.offset >= kWordSize;
    }
    if (cfa.form != Form::memory) return false;
    const int64_t words = cfa.addend / kWordSize;
    if (cfa.addend % kWordSize != 0 || !fits_memory_operands(cfa.offset, words)) return false;
    rule.cfa_offset = memory_operands(cfa.offset, words);
    rule.kind = from_rsp ? RuleKind::rsp_memory : RuleKind::rbp_memory;
    return true;
}

void set_saved_rbp(const SavedRegister& rbp, const CfiValue& cfa, uint64_t pc, UnwindRule& rule) {
    if (rbp.place == Place::unspecified || rbp.place == Place::same) return;
    rule.saved_rbp = SavedRbp::lost;
    CfiValue at = saved_at(rbp, pc);
    const bool same_base = cfa.form == Form::register_relative &&
                           at.form == Form::register_relative && at.reg == cfa.reg &&
                           at.reg == kRegisterRsp && fits_offset(at.offset);
    if (same_base) at = {Form::cfa_relative, 0, at.offset - cfa.offset, 0};
    const int64_t words = at.offset / kWordSize;
    if (at.offset % kWordSize != 0 || words != static_cast<int16_t>(words)) return;
    if (at.form == Form::cfa_relative)
        rule.saved_rbp = SavedRbp::at_cfa;
    else if (at.form == Form::register_relative && at.reg == kRegisterRbp)
        rule.saved_rbp = SavedRbp::at_rbp;
    else
        return;
    rule.rbp_word = static_cast<int16_t>(words);
}

}  // namespace

UnwindRule make_rule(const CfiState& state, bool signal_frame, uint64_t pc) {
    if (signal_frame) return make_signal_rule(state, pc);
    // How _start, clone and clone3 say that nothing called them.
    if (state.rip.place == Place::undefined || state.rip.place == Place::unspecified)
        return end_rule();
    const CfiValue rip = saved_at(state.rip, pc);
    if (rip.form != Form::cfa_relative || rip.offset != kReturnAddressOffset) return refused_rule();
    // The caller's rsp is the CFA unless something else is said, as setjmp and its like do.
    if (state.rsp.place != Place::unspecified) return refused_rule();
    UnwindRule rule;
    const CfiValue cfa = cfa_value(state, pc);
    if (!set_cfa(cfa, rule)) return refused_rule();
    set_saved_rbp(state.rbp, cfa, pc, rule);
    return rule;
}

}  // namespace heapdrift
