#include "preload/unwind/stack_walk.h"

#include "preload/unwind/rule_table.h"
#include "preload/unwind/stack_reader.h"
#include "preload/unwind/unwind_rule.h"

namespace heapdrift {
namespace {

// Frames lead outwards, to higher addresses, except where the stack changes: from a signal's
// alternate stack, or by code that runs a call on a stack of its own (split stacks, Rust's
// stacker) and finds its way back by rbp. A damaged chain could go round for ever by such steps.
constexpr uint32_t kMaxStackSwitches = 16;

enum class Step : uint8_t { outwards, complete, no_rule, unreadable };

class Walker {
public:
    Walker(const StartState& start, StackBounds& bounds)
        : reader_(bounds, start.sp),
          pc_(start.pc),
          sp_(start.sp),
          bp_(start.bp),
          slot_(start.sp - sizeof(uint64_t)) {}

    uint64_t pc() const { return pc_; }

    Frame frame() const {
        return {pc_, slot_,
                pc_kind_ == PcKind::interrupted ? FrameKind::interrupted : FrameKind::native};
    }

    [[gnu::always_inline]] Step step() {
        const UnwindRule rule = rule_table.find(pc_, pc_kind_);
        if (rule.kind == RuleKind::rsp) [[likely]]
            return leave_frame(rule, sp_ + static_cast<uint64_t>(int64_t{rule.cfa_offset}));
        if (rule.kind == RuleKind::rbp) {
            const uint64_t cfa = bp_ + static_cast<uint64_t>(int64_t{rule.cfa_offset});
            if (cfa <= sp_ && !may_switch_stack()) return Step::unreadable;
            return leave_frame(rule, cfa);
        }
        return step_rare(rule);
    }

private:
    [[gnu::always_inline]] Step leave_frame(const UnwindRule& rule, uint64_t cfa) {
        const uint64_t slot = cfa - sizeof(uint64_t);
        uint64_t pc;
        if (!reader_.read(slot, pc)) return Step::unreadable;
        if (rule.saved_rbp != SavedRbp::same && !restore_rbp(rule, cfa)) return Step::unreadable;
        pc_ = pc;
        pc_kind_ = PcKind::return_address;
        slot_ = slot;
        sp_ = cfa;
        return Step::outwards;
    }

    [[gnu::always_inline]] bool restore_rbp(const UnwindRule& rule, uint64_t cfa) {
        if (rule.saved_rbp == SavedRbp::lost) {
            bp_ = 0;
            return true;
        }
        const uint64_t base = rule.saved_rbp == SavedRbp::at_cfa ? cfa : bp_;
        return reader_.read(base + static_cast<uint64_t>(int64_t{rule.rbp_word} * 8), bp_);
    }

    bool may_switch_stack() { return ++switches_ <= kMaxStackSwitches; }

    [[gnu::noinline]] Step step_rare(UnwindRule rule) {
        switch (rule.kind) {
            case RuleKind::rsp_memory:
                return leave_by_memory(rule, sp_);
            case RuleKind::rbp_memory:
                return leave_by_memory(rule, bp_);
            case RuleKind::signal_frame:
                return leave_signal_frame();
            case RuleKind::end:
                return Step::complete;
            default:
                return Step::no_rule;
        }
    }

    Step leave_by_memory(const UnwindRule& rule, uint64_t base) {
        uint64_t word;
        if (!reader_.read(base + static_cast<uint64_t>(int64_t{rule.cfa_offset}), word))
            return Step::unreadable;
        const uint64_t cfa = word + static_cast<uint64_t>(int64_t{rule.cfa_addend} * 8);
        if (cfa <= sp_ && !may_switch_stack()) return Step::unreadable;
        return leave_frame(rule, cfa);
    }

    Step leave_signal_frame() {
        uint64_t pc;
        uint64_t sp;
        uint64_t bp;
        if (!reader_.read(sp_ + kSignalRipOffset, pc) ||
            !reader_.read(sp_ + kSignalRspOffset, sp) || !reader_.read(sp_ + kSignalRbpOffset, bp))
            return Step::unreadable;
        if (sp <= sp_ && !may_switch_stack()) return Step::unreadable;
        slot_ = sp_ + kSignalRipOffset;
        pc_ = pc;
        pc_kind_ = PcKind::interrupted;
        sp_ = sp;
        bp_ = bp;
        return Step::outwards;
    }

    StackReader reader_;
    uint64_t pc_;
    uint64_t sp_;
    uint64_t bp_;
    uint64_t slot_;
    PcKind pc_kind_ = PcKind::return_address;
    uint32_t switches_ = 0;
};

StackEnd end_of(Step last) {
    switch (last) {
        case Step::no_rule:
            return StackEnd::no_rule;
        case Step::unreadable:
            return StackEnd::unreadable;
        default:
            return StackEnd::complete;
    }
}

}  // namespace

uint32_t walk(const StartState& start, StackBounds& bounds, Frame* out, uint32_t limit,
              StackEnd& end) {
    Walker walker(start, bounds);
    for (uint32_t count = 0;; ++count) {
        // Some entry points leave a zero where the return address of their caller would be.
        if (walker.pc() == 0) {
            end = StackEnd::complete;
            return count;
        }
        if (count == limit) {
            end = StackEnd::depth_limit;
            return count;
        }
        out[count] = walker.frame();
        const Step step = walker.step();
        if (step != Step::outwards) {
            end = end_of(step);
            return count + 1;
        }
    }
}

}  // namespace heapdrift
