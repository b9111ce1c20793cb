// Each captured stack is compared frame by frame with libunwind's.
#include <gtest/gtest.h>
#include <setjmp.h>

#include <array>
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "tests/unit/unwind/capture.h"
#include "tests/unit/unwind/victims.h"

namespace heapdrift {
namespace {

void capture_now() {
    capture(captured);
}

TEST(WalkedStack, OfDeepRecursionEqualsTheReference) {
    victims::recurse(1000, capture_now);
    EXPECT_SAME_AS_REFERENCE(captured);
    EXPECT_GT(captured.count, 1000u);
}

TEST(WalkedStack, OfFramesOfVariableSizeEqualsTheReference) {
    victims::with_alloca(50, capture_now);
    EXPECT_SAME_AS_REFERENCE(captured);
    victims::with_variable_array(50, capture_now);
    EXPECT_SAME_AS_REFERENCE(captured);
}

TEST(WalkedStack, OfFramesLargerThanManyPagesEqualsTheReference) {
    victims::with_large_frame(40, capture_now);
    EXPECT_SAME_AS_REFERENCE(captured);
}

TEST(WalkedStack, WhereRbpIsAnOrdinaryRegisterEqualsTheReference) {
    victims::with_register_pressure(20, capture_now);
    EXPECT_SAME_AS_REFERENCE(captured);
}

TEST(WalkedStack, OfRealignedFramesEqualsTheReference) {
    victims::recurse_realigned(20, capture_now);
    EXPECT_SAME_AS_REFERENCE(captured);
    victims::with_alloca_realigned(20, capture_now);
    EXPECT_SAME_AS_REFERENCE(captured);
    victims::with_aligned_local(20, capture_now);
    EXPECT_SAME_AS_REFERENCE(captured);
}

TEST(WalkedStack, OfMixedFramesEqualsTheReference) {
    victims::recurse_realigned(3, [] {
        victims::with_register_pressure(3, [] {
            victims::with_alloca_realigned(2, [] {
                victims::with_alloca(3, [] {
                    victims::with_aligned_local(2, [] { victims::recurse(3, capture_now); });
                });
            });
        });
    });
    EXPECT_SAME_AS_REFERENCE(captured);
}

TEST(WalkedStack, AfterTailCallsEqualsTheReference) {
    victims::through_tail_calls(5, capture_now);
    EXPECT_SAME_AS_REFERENCE(captured);
}

TEST(WalkedStack, ThroughCallbacksOfLibcEqualsTheReference) {
    std::array<int, 16> values{5, 3, 9, 1, 4, 8, 2, 7};
    qsort(values.data(), values.size(), sizeof(int), [](const void* left, const void* right) {
        capture(captured);
        return *static_cast<const int*>(left) - *static_cast<const int*>(right);
    });
    EXPECT_SAME_AS_REFERENCE(captured);
    const int key = 5;
    bsearch(&key, values.data(), values.size(), sizeof(int),
            [](const void* left, const void* right) {
                capture(captured);
                return *static_cast<const int*>(left) - *static_cast<const int*>(right);
            });
    EXPECT_SAME_AS_REFERENCE(captured);
}

TEST(WalkedStack, OfAThreadEqualsTheReference) {
    std::thread thread([] { victims::recurse(100, capture_now); });
    thread.join();
    EXPECT_SAME_AS_REFERENCE(captured);
}

TEST(WalkedStack, AfterLongjmpEqualsTheReference) {
    static jmp_buf back;
    if (setjmp(back) == 0) victims::with_register_pressure(10, [] { longjmp(back, 1); });
    victims::with_alloca(4, capture_now);
    EXPECT_SAME_AS_REFERENCE(captured);
}

TEST(WalkedStack, WhileAnExceptionIsThrownAndCaughtEqualsTheReference) {
    struct CapturesWhenUnwound {
        ~CapturesWhenUnwound() {
            capture(captured);
            EXPECT_SAME_AS_REFERENCE(captured);
        }
    };
    try {
        CapturesWhenUnwound unwound;
        victims::recurse(5, [] { throw std::runtime_error("through frames without handlers"); });
    } catch (const std::runtime_error&) {
        victims::recurse(5, capture_now);
    }
    EXPECT_SAME_AS_REFERENCE(captured);
}

TEST(WalkedStack, LongerThanTheLimitKeepsTheInnermostFrames) {
    static std::array<Frame, 8> frames;
    static uint32_t count;
    static StackEnd end;
    victims::recurse(20, [] {
        StackBounds bounds;
        count = walk(start_state_of_caller(), bounds, frames.data(), frames.size(), end);
        capture(captured);
    });
    EXPECT_EQ(count, frames.size());
    EXPECT_EQ(end, StackEnd::depth_limit);
    // The lambda itself is the innermost frame of the second capture only.
    for (uint32_t i = 0; i < count; ++i)
        EXPECT_EQ(frames[i].address, captured.frames[i + 1].address);
}

TEST(WalkedStack, OfExactlyTheLimitIsComplete) {
    static std::array<Frame, Capture::kLimit> frames;
    capture(captured);
    StackEnd end = StackEnd::unreadable;
    StackBounds bounds;
    const StartState start = start_state_of_caller();
    const uint32_t whole = walk(start, bounds, frames.data(), Capture::kLimit, end);
    EXPECT_EQ(end, StackEnd::complete);
    EXPECT_EQ(walk(start, bounds, frames.data(), whole, end), whole);
    EXPECT_EQ(end, StackEnd::complete);
    EXPECT_EQ(walk(start, bounds, frames.data(), whole - 1, end), whole - 1);
    EXPECT_EQ(end, StackEnd::depth_limit);
    EXPECT_EQ(walk(start, bounds, frames.data(), 0, end), 0u);
    EXPECT_EQ(end, StackEnd::depth_limit);
}

TEST(WalkedStack, NamesTheSlotsOfItsReturnAddresses) {
    victims::with_register_pressure(5, capture_now);
    for (uint32_t i = 0; i < captured.count; ++i) {
        EXPECT_EQ(captured.frames[i].kind, FrameKind::native);
        if (i > 0) {
            EXPECT_GT(captured.frames[i].slot, captured.frames[i - 1].slot);
        }
    }
}

}  // namespace
}  // namespace heapdrift
