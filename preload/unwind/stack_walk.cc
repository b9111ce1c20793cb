#include "preload/unwind/stack_walk.h"

#include "preload/unwind/remembered_stack.h"
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
        : reader_(bounds, start.sp), pc_(start.pc), sp_(start.sp), bp_(start.bp) {}

    uint64_t pc() const { return pc_; }

    // The present frame; its rule is known when it has been left. A return address lies right below
    // where the stack pointer is when it has been used.
    Frame frame() const {
        return pc_kind_ == PcKind::interrupted
                   ? Frame{signal_slot_, pc_, bp_, UnwindRule(), FrameKind::interrupted, false}
                   : Frame{sp_ - sizeof(uint64_t), pc_,  bp_, UnwindRule(),
                           FrameKind::native,      false};
    }

    // Nearly all frames: the rule is at hand and leads outwards on memory that may be read. All
    // state is in registers; what a frame costs is the wait for its return address and its rule.
    // Stops before the first frame that needs more. Returns the new count.
    template <typename Meeting>
    uint32_t pass_ordinary_frames(Meeting& meeting, Frame* out, uint32_t count, uint32_t limit) {
        if (pc_kind_ != PcKind::return_address) return count;
        const RuleTable::View rules = rule_table.view();
        const StackReader::Window window = reader_.window();
        const Frame* const end = out + limit;
        Frame* next = out + count;
        uint64_t meeting_slot = meeting.next_slot();
        uint64_t pc = pc_;
        uint64_t sp = sp_;
        uint64_t bp = bp_;
        for (; next != end; ++next) {
            const uint64_t own_slot = sp - sizeof(uint64_t);
            if (own_slot >= meeting_slot) [[unlikely]] {
                if (meeting.meets(own_slot, bp)) break;
                meeting_slot = meeting.next_slot();
            }
            const UnwindRule rule = rules.find(pc);
            const bool by_rsp = rule.kind == RuleKind::rsp;
            const uint64_t cfa = plus(by_rsp ? sp : bp, rule.cfa_offset);
            const uint64_t slot = cfa - sizeof(uint64_t);
            if (!by_rsp && (rule.kind != RuleKind::rbp || cfa <= sp)) break;
            if (!window.contains(slot)) break;
            uint64_t outer_bp = bp;
            if (rule.saved_rbp != SavedRbp::same) {
                const uint64_t saved = plus(cfa, int64_t{rule.rbp_word} * 8);
                if (rule.saved_rbp != SavedRbp::at_cfa || !window.contains(saved)) break;
                outer_bp = StackReader::load(saved);
            }
            // Field by field: gathered in a temporary, they would be copied by wider loads, which
            // wait until narrower stores have left the store buffer.
            next->slot = own_slot;
            next->address = pc;
            next->bp = bp;
            next->rule = rule;
            next->kind = FrameKind::native;
            next->ordinary = by_rsp;
            pc = StackReader::load(slot);
            sp = cfa;
            bp = outer_bp;
        }
        pc_ = pc;
        sp_ = sp;
        bp_ = bp;
        return static_cast<uint32_t>(next - out);
    }

    // Any frame.
    Step step(UnwindRule& rule) {
        rule = rule_table.find(pc_, pc_kind_);
        switch (rule.kind) {
            case RuleKind::rsp:
                return leave_frame(rule, plus(sp_, rule.cfa_offset));
            case RuleKind::rbp:
                return leave_frame(rule, plus(bp_, rule.cfa_offset));
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

private:
    Step leave_frame(const UnwindRule& rule, uint64_t cfa) {
        uint64_t pc;
        if (!may_go_to(cfa) || !reader_.read(cfa - sizeof(uint64_t), pc) || !restore_rbp(rule, cfa))
            return Step::unreadable;
        pc_ = pc;
        pc_kind_ = PcKind::return_address;
        sp_ = cfa;
        return Step::outwards;
    }

    bool restore_rbp(const UnwindRule& rule, uint64_t cfa) {
        const int64_t offset = int64_t{rule.rbp_word} * 8;
        switch (rule.saved_rbp) {
            case SavedRbp::same:
                return true;
            case SavedRbp::at_cfa:
                return reader_.read(plus(cfa, offset), bp_);
            case SavedRbp::at_rbp:
                return reader_.read(plus(bp_, offset), bp_);
            default:
                bp_ = 0;
                return true;
        }
    }

    bool may_go_to(uint64_t sp) { return sp > sp_ || ++switches_ <= kMaxStackSwitches; }

    Step leave_by_memory(const UnwindRule& rule, uint64_t base) {
        uint64_t word;
        if (!reader_.read(plus(base, memory_offset(rule)), word)) return Step::unreadable;
        return leave_frame(rule, plus(word, memory_addend(rule) * 8));
    }

    Step leave_signal_frame() {
        const uint64_t slot = sp_ + kSignalRipOffset;
        uint64_t pc;
        uint64_t sp;
        uint64_t bp;
        if (!reader_.read(slot, pc) || !reader_.read(sp_ + kSignalRspOffset, sp) ||
            !reader_.read(sp_ + kSignalRbpOffset, bp) || !may_go_to(sp))
            return Step::unreadable;
        signal_slot_ = slot;
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
    uint64_t signal_slot_ = 0;  // where an interrupted pc was read
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

struct NoMeeting {
    static uint64_t next_slot() { return ~uint64_t{0}; }
    static bool meets(uint64_t, uint64_t) { return false; }
    static bool met() { return false; }
};

template <typename Meeting>
uint32_t walk(Walker walker, Meeting& meeting, Frame* out, uint32_t limit, StackEnd& end) {
    for (uint32_t count = 0;;) {
        count = walker.pass_ordinary_frames(meeting, out, count, limit);
        if (meeting.met()) return count;
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
        const Step step = walker.step(out[count++].rule);
        if (step != Step::outwards) {
            end = end_of(step);
            return count;
        }
    }
}

}  // namespace

uint32_t walk(const StartState& start, StackBounds& bounds, Frame* out, uint32_t limit,
              StackEnd& end) {
    NoMeeting nowhere;
    return walk(Walker(start, bounds), nowhere, out, limit, end);
}

uint32_t walk_until_met(const StartState& start, StackBounds& bounds, RememberedStack& memory,
                        Frame* out, uint32_t limit, StackEnd& end) {
    return walk(Walker(start, bounds), memory, out, limit, end);
}

}  // namespace heapdrift
