// The remembered stack against a fresh walk, on stacks that change in the ways that could fool it.
#include "preload/unwind/remembered_stack.h"

#include <alloca.h>
#include <gtest/gtest.h>

#include <csetjmp>
#include <cstring>
#include <memory>
#include <random>
#include <stdexcept>

namespace heapdrift {
namespace {

class Explorer {
public:
    explicit Explorer(uint32_t seed) : random_(seed) {}

    void capture_and_compare() {
        const StartState start = start_state_of_caller();
        const uint32_t before = memory_->count();
        const uint32_t standing = bounds_.covers(start.sp) ? memory_->standing(start.sp) : 0;
        const bool unchanged = standing == memory_->count() && memory_->is_start(standing, start);
        const uint32_t kept = memory_->capture(start, standing, bounds_, kMaxDepth);
        ASSERT_LE(kept, standing);
        ASSERT_EQ(unchanged, kept == memory_->count());
        StackEnd end = StackEnd::unreadable;
        const uint32_t count = walk(start, bounds_, fresh_.get(), kMaxDepth, end);
        ASSERT_EQ(memory_->count(), count);
        ASSERT_EQ(memory_->end(), end);
        ASSERT_LE(kept, std::min(before, count));
        for (uint32_t i = 0; i < count; ++i) {
            ASSERT_EQ(memory_->address(i), fresh_[count - 1 - i].address) << "frame " << i;
            ASSERT_EQ(memory_->kind(i), fresh_[count - 1 - i].kind);
        }
        ++captures;
        met += memory_->met();
        all_kept += kept == count;
    }

    // Goes up and down a tree of calls at random, with all kinds of frames.
    void explore(int depth);

    void forget() { memory_->forget(); }
    uint32_t pick(uint32_t choices) { return static_cast<uint32_t>(random_()) % choices; }

    uint32_t captures = 0;
    uint32_t met = 0;
    uint32_t all_kept = 0;

private:
    std::mt19937 random_;
    StackBounds bounds_;
    std::unique_ptr<RememberedStack> memory_{new RememberedStack()};
    std::unique_ptr<Frame[]> fresh_{new Frame[kMaxDepth]};
};

// Two of the same size, so that one's slots are the other's.
[[gnu::noinline]] void sibling_a(Explorer& explorer, int depth) {
    explorer.explore(depth);
    asm volatile("" ::: "memory");
}
[[gnu::noinline]] void sibling_b(Explorer& explorer, int depth) {
    explorer.explore(depth);
    asm volatile("nop" ::: "memory");
}
[[gnu::noinline]] void with_alloca(Explorer& explorer, int depth) {
    volatile char* space = static_cast<char*>(alloca(16 * (1 + explorer.pick(4))));
    space[0] = 1;
    explorer.explore(depth);
    asm volatile("" ::"r"(space) : "memory");
}
[[gnu::noinline, gnu::force_align_arg_pointer]] void realigned(Explorer& explorer, int depth) {
    alignas(64) volatile char space[64];
    space[0] = 1;
    explorer.explore(depth);
    asm volatile("" ::"r"(space) : "memory");
}
[[gnu::noinline, gnu::optimize("no-omit-frame-pointer")]] void with_frame_pointer(
    Explorer& explorer, int depth) {
    explorer.explore(depth);
    asm volatile("" ::: "memory");
}
[[gnu::noinline]] void throwing(Explorer& explorer, int depth) {
    try {
        explorer.explore(depth);
        throw std::runtime_error("out");
    } catch (const std::runtime_error&) {
        explorer.capture_and_compare();
    }
}
[[gnu::noinline]] void jumping(Explorer& explorer, int depth) {
    jmp_buf target;
    if (setjmp(target) == 0) {
        explorer.explore(depth);
        longjmp(target, 1);
    }
    explorer.capture_and_compare();
}

void Explorer::explore(int depth) {
    capture_and_compare();
    if (depth == 0) return;
    for (uint32_t calls = pick(4); calls > 0; --calls) {
        switch (pick(7)) {
            case 0:
                sibling_a(*this, depth - 1);
                break;
            case 1:
                sibling_b(*this, depth - 1);
                break;
            case 2:
                with_alloca(*this, depth - 1);
                break;
            case 3:
                realigned(*this, depth - 1);
                break;
            case 4:
                with_frame_pointer(*this, depth - 1);
                break;
            case 5:
                throwing(*this, depth - 1);
                break;
            default:
                jumping(*this, depth - 1);
                break;
        }
        if (pick(3) == 0) capture_and_compare();
    }
}

TEST(RememberedStack, EqualsAFreshWalkWhateverHappenedInBetween) {
    for (uint32_t seed = 1; seed <= 40; ++seed) {
        Explorer explorer(seed);
        for (int round = 0; round < 20; ++round) explorer.explore(12);
        ASSERT_FALSE(testing::Test::HasFatalFailure());
        if (explorer.captures > 100) {
            EXPECT_GT(explorer.met * 10, explorer.captures * 9);
        }
    }
}

TEST(RememberedStack, KeepsAllFramesOfAnUnchangedStack) {
    Explorer explorer(1);
    for (int i = 0; i < 10; ++i) explorer.capture_and_compare();
    EXPECT_GE(explorer.met, 9u);
    EXPECT_GE(explorer.all_kept, 8u);
}

// main -> X -> A and main -> Y -> A may differ in nothing but a word far out.
[[gnu::noinline]] void deep(Explorer& explorer, int depth) {
    if (depth == 0)
        explorer.capture_and_compare();
    else
        deep(explorer, depth - 1);
    asm volatile("" ::: "memory");
}

TEST(RememberedStack, SeesAChangeFarOut) {
    Explorer explorer(1);
    const auto through_a = [&] {
        deep(explorer, 50);
        asm volatile("" ::: "memory");
    };
    const auto through_b = [&] {
        deep(explorer, 50);
        asm volatile("nop" ::: "memory");
    };
    for (int i = 0; i < 20; ++i) {
        through_a();
        through_b();
    }
}

TEST(RememberedStack, StacksDeeperThanTheLimitAreCutAlike) {
    auto memory = std::unique_ptr<RememberedStack>(new RememberedStack());
    StackBounds bounds;
    Frame fresh[8];
    const auto capture = [&] {
        const StartState start = start_state_of_caller();
        const uint32_t standing = bounds.covers(start.sp) ? memory->standing(start.sp) : 0;
        const uint32_t kept = memory->capture(start, standing, bounds, 8);
        StackEnd end;
        const uint32_t count = walk(start, bounds, fresh, 8, end);
        ASSERT_LE(kept, 8u);
        ASSERT_EQ(memory->count(), count);
        for (uint32_t i = 0; i < count; ++i)
            ASSERT_EQ(memory->address(i), fresh[count - 1 - i].address);
    };
    capture();
    const auto deeper = [&](auto& self, int depth) -> void {
        capture();
        if (depth > 0) self(self, depth - 1);
        capture();
    };
    deeper(deeper, 20);
}

}  // namespace
}  // namespace heapdrift
