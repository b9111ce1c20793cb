// Stacks that are not one call after another: very deep ones, coroutines on stacks of their own,
// frames left by longjmp and by exceptions, frames of changing size, a handler on its own stack.
#include <alloca.h>
#include <ucontext.h>

#include <csetjmp>
#include <csignal>
#include <stdexcept>

#include "truth.h"

MARKER void innermost_of_deep_10x60() {
    for (int i = 0; i < 10; ++i) keep(malloc(60));
}

TRUTH_ALONE static int descend(int depth) {
    if (depth == 0) {
        innermost_of_deep_10x60();
        return 0;
    }
    return descend(depth - 1) + 1;
}

MARKER void deep_recursion() {
    REQUIRE(descend(100000) == 100000);
    expect("innermost_of_deep_10x60", 10, 600, 0, 600);
}

static ucontext_t coroutine_context;
static ucontext_t main_context;

MARKER void coroutine_body_5x45() {
    for (int i = 0; i < 5; ++i) {
        keep(malloc(45));
        swapcontext(&coroutine_context, &main_context);
    }
}

MARKER void between_coroutines_5x55() {
    keep(malloc(55));
}

MARKER void coroutines() {
    static char stack[64 * 1024];
    REQUIRE(getcontext(&coroutine_context) == 0);
    coroutine_context.uc_stack.ss_sp = stack;
    coroutine_context.uc_stack.ss_size = sizeof stack;
    coroutine_context.uc_link = &main_context;
    makecontext(&coroutine_context, coroutine_body_5x45, 0);
    for (int i = 0; i < 5; ++i) {
        swapcontext(&main_context, &coroutine_context);
        between_coroutines_5x55();
    }
    expect("coroutine_body_5x45", 5, 225, 0, 225);
    expect("between_coroutines_5x55", 5, 275, 0, 275);
}

static jmp_buf jump;

MARKER void jumps_out_35(int depth) {
    if (depth > 0) {
        jumps_out_35(depth - 1);
        keep(nullptr);
        return;
    }
    keep(malloc(35));
    longjmp(jump, 1);
}

MARKER void after_jump_25() {
    keep(malloc(25));
}

MARKER void long_jumps() {
    static int round;
    for (round = 0; round < 8; ++round) {
        if (setjmp(jump) == 0) jumps_out_35(round);
        after_jump_25();
    }
    expect("jumps_out_35", 8, 280, 0, 280);
    expect("after_jump_25", 8, 200, 0, 200);
}

MARKER void throws_out_65(int depth) {
    if (depth > 0) {
        throws_out_65(depth - 1);
        keep(nullptr);
        return;
    }
    keep(malloc(65));
    throw std::runtime_error("expected");
}

MARKER void after_throw_75() {
    keep(malloc(75));
}

MARKER void exceptions() {
    int caught = 0;
    for (int i = 0; i < 8; ++i) {
        try {
            throws_out_65(i * 10);
        } catch (const std::runtime_error&) {
            ++caught;
        }
        after_throw_75();
    }
    REQUIRE(caught == 8);
    expect("throws_out_65", 8, 520, 0, 520);
    expect("after_throw_75", 8, 600, 0, 600);
}

MARKER void frame_of_changing_size_85(size_t size) {
    void* space = alloca(size);
    memset(keep(space), 1, size);
    keep(malloc(85));
}

MARKER void changing_frames() {
    for (size_t size = 16; size <= 1u << 17; size *= 2) frame_of_changing_size_85(size);
    expect("frame_of_changing_size_85", 14, 14 * 85, 0, 14 * 85);
    expect_through("changing_frames", 14, 14 * 85, 0, 14 * 85);
}

static volatile sig_atomic_t overflowed;
static sigjmp_buf out_of_overflow;
alignas(16) static char signal_stack[64 * 1024];

static void on_overflow(int) {
    overflowed = 1;
    siglongjmp(out_of_overflow, 1);
}

TRUTH_ALONE static int overflow_with_malloc(int depth) {
    volatile char page[512];
    page[0] = static_cast<char>(depth);
    free(keep(malloc(20)));
    return overflow_with_malloc(depth + 1) + page[0];
}

MARKER void after_overflow_50x95() {
    for (int i = 0; i < 50; ++i) keep(malloc(95));
}

// Begins a little further up the stack each time, so that the overflow strikes elsewhere.
TRUTH_ALONE static void overflow_from(size_t offset) {
    overflowed = 0;
    keep(alloca(offset));
    if (sigsetjmp(out_of_overflow, 1) == 0) overflow_with_malloc(0);
    REQUIRE(overflowed == 1);
}

// The overflow strikes in the victim or, one call further, in the recorder: either way the
// victim's handler must run, and what comes after is recorded.
MARKER void stack_overflow() {
    stack_t alternate = {};
    alternate.ss_sp = signal_stack;
    alternate.ss_size = sizeof signal_stack;
    REQUIRE(sigaltstack(&alternate, nullptr) == 0);
    struct sigaction action = {};
    action.sa_handler = on_overflow;
    action.sa_flags = SA_ONSTACK;
    REQUIRE(sigaction(SIGSEGV, &action, nullptr) == 0);
    for (int i = 0; i < 8; ++i) {
        overflow_from(16 + static_cast<size_t>(i) * 80);
        after_overflow_50x95();
    }
    expect("after_overflow_50x95", 400, 8 * 4750, 0, 8 * 4750);
}

int main(int argc, char** argv) {
    const char* mode = argc > 1 ? argv[1] : "";
    if (strcmp(mode, "deep_recursion") == 0) deep_recursion();
    if (strcmp(mode, "coroutines") == 0) coroutines();
    if (strcmp(mode, "long_jumps") == 0) long_jumps();
    if (strcmp(mode, "exceptions") == 0) exceptions();
    if (strcmp(mode, "changing_frames") == 0) changing_frames();
    if (strcmp(mode, "stack_overflow") == 0) stack_overflow();
    REQUIRE(truth_count > 0);
    tell_truth();
    return 0;
}
