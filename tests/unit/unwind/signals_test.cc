// Stacks that lead through a signal's frame. Timers strike at arbitrary instructions, in
// prologues, epilogues and PLT entries too, and each stack is compared with libunwind's on the
// spot.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "tests/unit/unwind/capture.h"
#include "tests/unit/unwind/victims.h"

namespace heapdrift {
namespace {

Capture first_difference;
std::atomic<uint32_t> captures{0};
std::atomic<uint32_t> differences{0};
std::atomic<uint32_t> refusals{0};

// libunwind guesses where there is no unwind information, or where it is not of a form that is
// followed; then it must at least begin with the same frames.
void compare_in_handler(int) {
    capture(captured);
    captures.fetch_add(1, std::memory_order_relaxed);
    if (captured.end == StackEnd::no_rule && captured.begins_like_reference()) {
        refusals.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    if (captured.same_as_reference() && captured.end == StackEnd::complete) return;
    if (differences.fetch_add(1, std::memory_order_relaxed) == 0) first_difference = captured;
}

class SignalHandler {
public:
    SignalHandler(int signal, void (*handler)(int), int flags) : signal_(signal) {
        struct sigaction action {};
        action.sa_handler = handler;
        action.sa_flags = flags | SA_RESTART;
        sigaction(signal, &action, &before_);
    }
    ~SignalHandler() { sigaction(signal_, &before_, nullptr); }

private:
    int signal_;
    struct sigaction before_ {};
};

class AlternateStack {
public:
    AlternateStack() : memory_(256 * 1024) {
        stack_t stack{};
        stack.ss_sp = memory_.data();
        stack.ss_size = memory_.size();
        sigaltstack(&stack, &before_);
    }
    ~AlternateStack() { sigaltstack(&before_, nullptr); }

private:
    std::vector<char> memory_;
    stack_t before_{};
};

class Timer {
public:
    explicit Timer(int microseconds) { set(microseconds); }
    ~Timer() { set(0); }

private:
    static void set(int microseconds) {
        itimerval value{};
        value.it_interval.tv_usec = value.it_value.tv_usec = microseconds;
        setitimer(ITIMER_REAL, &value, nullptr);
    }
};

// Calls of all kinds, so that the timer finds many different instructions.
void work_a_little(int round) {
    std::map<int, std::string> names;
    for (int i = 0; i < 40; ++i) names[(i * 7919 + round) % 101] = std::to_string(i);
    std::array<int, 64> values;
    for (int i = 0; i < 64; ++i) values[static_cast<size_t>(i)] = (i * 7919 + round) % 97;
    std::sort(values.begin(), values.end());
    qsort(values.data(), values.size(), sizeof(int), [](const void* left, const void* right) {
        return *static_cast<const int*>(right) - *static_cast<const int*>(left);
    });
    char text[128];
    std::snprintf(text, sizeof text, "%d %s %.17g", round, names.begin()->second.c_str(),
                  std::strtod("3.14159", nullptr) * round);
    victims::with_register_pressure(round % 8, [] {});
    victims::with_alloca(round % 8, [] {});
    victims::recurse_realigned(round % 8, [] {});
    try {
        victims::recurse(2, [] { throw 1; });
    } catch (int) {
    }
}

void expect_same_at_arbitrary_instructions(int flags) {
    captures = differences = refusals = 0;
    {
        SignalHandler handler(SIGALRM, compare_in_handler, flags);
        Timer timer(200);
        for (int round = 0; captures < 3000 && round < 2'000'000; ++round) work_a_little(round);
    }
    EXPECT_GE(captures, 1000u);
    EXPECT_EQ(differences, 0u) << first_difference.text();
    // Code that holds its CFA in another register (the loader's trampolines, a prologue that
    // realigns the stack) is rare.
    EXPECT_LE(refusals * 50, captures);
    std::printf("%u captures, %u refused\n", captures.load(), refusals.load());
}

TEST(InterruptedStack, AtArbitraryInstructionsEqualsTheReference) {
    expect_same_at_arbitrary_instructions(0);
}

TEST(InterruptedStack, SeenFromAnAlternateStackEqualsTheReference) {
    AlternateStack stack;
    expect_same_at_arbitrary_instructions(SA_ONSTACK);
}

void capture_handler(int) {
    capture(captured);
}

TEST(InterruptedStack, MarksTheInterruptedFrame) {
    SignalHandler handler(SIGUSR1, capture_handler, 0);
    victims::recurse(5, [] { raise(SIGUSR1); });
    EXPECT_SAME_AS_REFERENCE(captured);
    const auto interrupted =
        std::count_if(captured.frames, captured.frames + captured.count,
                      [](const Frame& frame) { return frame.kind == FrameKind::interrupted; });
    EXPECT_EQ(interrupted, 1);
}

TEST(InterruptedStack, OfNestedSignalsEqualsTheReference) {
    AlternateStack stack;
    SignalHandler inner(SIGUSR2, capture_handler, 0);
    SignalHandler outer(
        SIGUSR1, [](int) { victims::recurse(3, [] { raise(SIGUSR2); }); }, SA_ONSTACK);
    victims::with_register_pressure(5, [] { raise(SIGUSR1); });
    EXPECT_SAME_AS_REFERENCE(captured);
}

[[gnu::noinline]] int overflow(volatile char* outer, int depth) {
    volatile char buffer[4096];
    buffer[0] = outer != nullptr ? outer[0] : 'x';
    if (depth < 0) return 0;
    return overflow(buffer, depth + 1) + buffer[0];
}

// The handler of a stack overflow captures the last frames before the guard page.
TEST(InterruptedStack, OfAnOverflownStackIsWalkedToTheLimit) {
    EXPECT_EXIT(
        {
            AlternateStack stack;
            SignalHandler handler(
                SIGSEGV,
                [](int) {
                    capture_walk_only(captured);
                    const bool walked = captured.count > 1000 && captured.end != StackEnd::no_rule;
                    _exit(walked ? 0 : 1);
                },
                SA_ONSTACK);
            std::exit(overflow(nullptr, 0));
        },
        testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace heapdrift
