// The rules that come of single functions, written in assembly with their unwind information.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <random>
#include <vector>

#include "preload/unwind/cfi_program.h"
#include "preload/unwind/eh_frame.h"
#include "tests/unit/unwind/capture.h"

// Each function has a label rule_<name> at the instruction of interest, which is looked up as it
// is. 0x0f is DW_CFA_def_cfa_expression, 0x10 DW_CFA_expression, 0x16 DW_CFA_val_expression.
#define FUNCTION(name, body)                                                                \
    asm(".text\n.type test_" #name ", @function\n.globl test_" #name "\ntest_" #name        \
        ":\n.cfi_startproc\nnop\n" body                                                     \
        "\n"                                                                                \
        ".globl rule_" #name "\nrule_" #name ":\nnop\nnop\n.cfi_endproc\n.size test_" #name \
        ", .-test_" #name "\n");                                                            \
    extern "C" const char rule_##name[]

FUNCTION(leaf, "");
FUNCTION(pushed, ".cfi_adjust_cfa_offset 56\n");
FUNCTION(frame_pointer, ".cfi_def_cfa 6, 16\n.cfi_offset 6, -16\n");
FUNCTION(saved_rbp, ".cfi_def_cfa_offset 64\n.cfi_offset 6, -56\n");
FUNCTION(restored_rbp, ".cfi_def_cfa_offset 64\n.cfi_offset 6, -56\nnop\n.cfi_restore 6\n");
FUNCTION(same_rbp, ".cfi_offset 6, -56\nnop\n.cfi_same_value 6\n");
FUNCTION(realigned, ".cfi_escape 0x0f,3,0x76,0x78,6\n.cfi_escape 0x10,6,2,0x76,0\n");
FUNCTION(cfa_in_memory, ".cfi_escape 0x0f,5,0x77,0x18,6,0x23,8\n");
FUNCTION(plt_early,
         ".balign 16\n.cfi_escape 0x0f,11,0x77,8,0x80,0,0x3f,0x1a,0x3b,0x2a,0x33,0x24,0x22\n");
FUNCTION(plt_late,
         ".balign 16\n.cfi_escape 0x0f,11,0x77,8,0x80,0,0x3f,0x1a,0x3b,0x2a,0x33,0x24,0x22\n"
         ".skip 12, 0x90\n");
FUNCTION(outermost, ".cfi_undefined 16\n");
FUNCTION(remembered,
         ".cfi_remember_state\nnop\n.cfi_def_cfa_offset 80\n.cfi_offset 6, -40\nnop\n"
         ".cfi_restore_state\n");
FUNCTION(args_size, ".cfi_escape 0x2e,16\n.cfi_def_cfa_offset 32\n");
FUNCTION(far_location, ".skip 70000, 0x90\n.cfi_def_cfa_offset 48\n");
FUNCTION(large_frame, ".cfi_def_cfa_offset 8000024\n.cfi_offset 6, -16\n");
FUNCTION(other_cfa_register, ".cfi_def_cfa 10, 0\n");
FUNCTION(return_address_in_register, ".cfi_register 16, 5\n");
FUNCTION(rbp_in_register, ".cfi_register 6, 9\n");
FUNCTION(rbp_undefined, ".cfi_undefined 6\n");
FUNCTION(rbp_computed, ".cfi_escape 0x16,6,2,0x77,0\n");
FUNCTION(rbp_by_rsp, ".cfi_def_cfa_offset 48\n.cfi_escape 0x10,6,2,0x77,16\n");
FUNCTION(other_stack_pointer, ".cfi_register 7, 8\n");
FUNCTION(inward, ".cfi_def_cfa_offset 0\n");
FUNCTION(unknown_expression, ".cfi_escape 0x0f,3,0x77,8,0xe0\n");
FUNCTION(recalled_too_often, ".cfi_escape 0x0b\n");
FUNCTION(other_signal_frame, ".cfi_signal_frame\n");

namespace heapdrift {
namespace {

UnwindRule rule_at(const char* label) {
    const ComputedRule computed =
        compute_rule(reinterpret_cast<uint64_t>(label), PcKind::interrupted);
    EXPECT_TRUE(computed.lasting);
    return computed.rule;
}

struct Expected {
    const char* label;
    RuleKind kind;
    int64_t cfa_offset = 0;
    SavedRbp saved_rbp = SavedRbp::same;
    int16_t rbp_word = 0;
    int64_t cfa_addend = 0;
};

class RuleOf : public testing::TestWithParam<Expected> {};

TEST_P(RuleOf, FunctionSaysHowToLeaveIt) {
    const Expected& expected = GetParam();
    const UnwindRule rule = rule_at(expected.label);
    EXPECT_EQ(rule.kind, expected.kind);
    if (rule.kind == RuleKind::refuse || rule.kind == RuleKind::end) return;
    const bool by_memory = rule.kind == RuleKind::rsp_memory || rule.kind == RuleKind::rbp_memory;
    EXPECT_EQ(by_memory ? memory_offset(rule) : rule.cfa_offset, expected.cfa_offset);
    EXPECT_EQ(by_memory ? memory_addend(rule) : 0, expected.cfa_addend);
    EXPECT_EQ(rule.saved_rbp, expected.saved_rbp);
    EXPECT_EQ(rule.rbp_word, expected.rbp_word);
}

INSTANTIATE_TEST_SUITE_P(
    Followed, RuleOf,
    testing::Values(
        Expected{rule_leaf, RuleKind::rsp, 8}, Expected{rule_pushed, RuleKind::rsp, 64},
        Expected{rule_frame_pointer, RuleKind::rbp, 16, SavedRbp::at_cfa, -2},
        Expected{rule_saved_rbp, RuleKind::rsp, 64, SavedRbp::at_cfa, -7},
        Expected{rule_restored_rbp, RuleKind::rsp, 64}, Expected{rule_same_rbp, RuleKind::rsp, 8},
        Expected{rule_realigned, RuleKind::rbp_memory, -8, SavedRbp::at_rbp, 0},
        Expected{rule_cfa_in_memory, RuleKind::rsp_memory, 24, SavedRbp::same, 0, 1},
        Expected{rule_plt_early, RuleKind::rsp, 8}, Expected{rule_plt_late, RuleKind::rsp, 16},
        Expected{rule_outermost, RuleKind::end}, Expected{rule_remembered, RuleKind::rsp, 8},
        Expected{rule_args_size, RuleKind::rsp, 32}, Expected{rule_far_location, RuleKind::rsp, 48},
        Expected{rule_large_frame, RuleKind::rsp, 8000024, SavedRbp::at_cfa, -2},
        Expected{rule_rbp_in_register, RuleKind::rsp, 8, SavedRbp::lost},
        Expected{rule_rbp_undefined, RuleKind::rsp, 8, SavedRbp::lost},
        Expected{rule_rbp_computed, RuleKind::rsp, 8, SavedRbp::lost},
        Expected{rule_rbp_by_rsp, RuleKind::rsp, 48, SavedRbp::at_cfa, -4}));

INSTANTIATE_TEST_SUITE_P(Refused, RuleOf,
                         testing::Values(Expected{rule_other_cfa_register, RuleKind::refuse},
                                         Expected{rule_return_address_in_register,
                                                  RuleKind::refuse},
                                         Expected{rule_other_stack_pointer, RuleKind::refuse},
                                         Expected{rule_inward, RuleKind::refuse},
                                         Expected{rule_unknown_expression, RuleKind::refuse},
                                         Expected{rule_recalled_too_often, RuleKind::refuse},
                                         Expected{rule_other_signal_frame, RuleKind::refuse}));

TEST(Rule, OfAReturnAddressBehindTheLastCallBelongsToTheCaller) {
    // Just behind rule_pushed and its two instructions lies the next function.
    const auto behind = reinterpret_cast<uint64_t>(rule_pushed) + 2;
    const UnwindRule rule = compute_rule(behind, PcKind::return_address).rule;
    EXPECT_EQ(rule.kind, RuleKind::rsp);
    EXPECT_EQ(rule.cfa_offset, 64);
    EXPECT_EQ(compute_rule(behind, PcKind::interrupted).rule.cfa_offset, 8);
}

TEST(Rule, OfASignalFrameIsTheKernelsLayout) {
    struct sigaction action {};
    struct sigaction before {};
    action.sa_handler = [](int) { capture(captured); };
    sigaction(SIGUSR1, &action, &before);
    raise(SIGUSR1);
    sigaction(SIGUSR1, &before, nullptr);
    uint32_t interrupted = 0;
    while (interrupted < captured.count &&
           captured.frames[interrupted].kind != FrameKind::interrupted)
        ++interrupted;
    ASSERT_LT(interrupted, captured.count);
    ASSERT_GT(interrupted, 0u);
    const uint64_t handlers_return = captured.frames[interrupted - 1].address;
    EXPECT_EQ(compute_rule(handlers_return, PcKind::return_address).rule.kind,
              RuleKind::signal_frame);
}

// Linkers refuse to write such programs.
TEST(Rule, OfAProgramWithAnUnknownInstructionIsRefused) {
    const uint8_t start[] = {0x0c, 7, 8, 0x90, 1};  // CFA = rsp + 8, rip at CFA - 8
    const uint8_t unknown[] = {0x3e};
    const auto cursor = [](const auto& bytes) {
        const auto begin = reinterpret_cast<uint64_t>(bytes);
        return ByteCursor(begin, begin + sizeof bytes);
    };
    FrameDescription description;
    description.function_begin = 0x1000;
    description.function_end = 0x1100;
    description.data_alignment = -8;
    description.initial_program = cursor(start);
    EXPECT_EQ(run_cfi_program(description, 0x1010, PcKind::interrupted).kind, RuleKind::rsp);
    description.program = cursor(unknown);
    EXPECT_EQ(run_cfi_program(description, 0x1010, PcKind::interrupted).kind, RuleKind::refuse);
}

// Programs of libc are looked up in the order in which calls return to them, which may be any.
TEST(Rule, IsTheSameInWhateverOrderTheRulesOfAFunctionAreAskedFor) {
    const auto begin = reinterpret_cast<uint64_t>(&qsort) - 20'000;
    ModuleImage image;
    ASSERT_TRUE(find_module_image(begin, image));
    constexpr uint64_t kPcs = 40'000;
    std::vector<uint64_t> expected;
    for (uint64_t pc = begin; pc < begin + kPcs; ++pc)
        expected.push_back(rule_bits(find_rule(image, pc, PcKind::return_address)));
    std::vector<uint64_t> order(kPcs);
    std::iota(order.begin(), order.end(), 0);
    const auto check = [&](const char* name) {
        for (const uint64_t at : order)
            ASSERT_EQ(rule_bits(compute_rule(begin + at, PcKind::return_address).rule),
                      expected[at])
                << name << ", " << at;
    };
    check("ascending");
    // Calls lie some bytes apart: rows are skipped.
    std::stable_sort(order.begin(), order.end(),
                     [](uint64_t a, uint64_t b) { return a % 37 < b % 37; });
    check("ascending in steps");
    std::reverse(order.begin(), order.end());
    check("descending in steps");
    std::shuffle(order.begin(), order.end(), std::mt19937(5));
    check("in disorder");
}

TEST(Rule, OfMemoryOutsideAllModulesDoesNotLast) {
    const int local = 0;
    const ComputedRule computed =
        compute_rule(reinterpret_cast<uint64_t>(&local), PcKind::return_address);
    EXPECT_EQ(computed.rule.kind, RuleKind::refuse);
    EXPECT_FALSE(computed.lasting);
}

}  // namespace
}  // namespace heapdrift
