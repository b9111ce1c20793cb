#include "preload/recent_stacks.h"

#include <gtest/gtest.h>

#include <memory>

namespace heapdrift {
namespace {

// What a thread does to find its site, with sites that the test gives.
class Finder {
public:
    // The site of the caller's stack, which is `truth` if it is not known yet.
    [[gnu::noinline]] SiteId find(SiteId truth) {
        const StartState start = start_state_of_caller();
        EXPECT_TRUE(bounds_.covers(start.sp));
        const uint32_t standing = stack_->standing(start.sp);
        const uint32_t set =
            RecentStacks::set_of(start, stack_->first_changed_word(standing, start.sp));
        const SiteId site = recent_->find(set, start, *stack_, standing, paths_);
        if (raw(site) != 0) {
            ++hits;
            return site;
        }
        stack_->capture(start, standing, bounds_, kMaxDepth);
        PathHash path = hasher_.of_root(Domain::heap, kNoScope, stack_->end());
        for (uint32_t i = 0; i < stack_->count(); ++i)
            paths_[i] = path = hasher_.of_child(path, stack_->address(i), stack_->kind(i));
        recent_->keep(set, start, *stack_, paths_, truth);
        return truth;
    }

    uint32_t hits = 0;

private:
    StackBounds bounds_;
    std::unique_ptr<RememberedStack> stack_ = std::make_unique<RememberedStack>();
    std::unique_ptr<RecentStacks> recent_ = [] {
        auto recent = std::make_unique<RecentStacks>();
        recent->forget();
        return recent;
    }();
    PathHasher hasher_ = [] {
        PathHasher hasher;
        hasher.seed();
        return hasher;
    }();
    PathHash paths_[kMaxDepth];
};

[[gnu::noinline]] void ask(Finder& finder, uint32_t number) {
    EXPECT_EQ(raw(finder.find(SiteId{number})), number);
    asm volatile("");
}

// Eight callers of one function: the stacks begin at the same place and at the same depth.
#define CALLER(number)             \
    case number:                   \
        ask(finder, number + 1);   \
        asm volatile("#" #number); \
        break;
[[gnu::noinline]] void call_from(Finder& finder, uint32_t which) {
    switch (which) {
        CALLER(0)
        CALLER(1)
        CALLER(2)
        CALLER(3)
        CALLER(4)
        CALLER(5)
        CALLER(6)
        CALLER(7)
    }
}

TEST(RecentStacks, StacksThatDifferOnlyFurtherOutDoNotDriveEachOtherOut) {
    Finder finder;
    constexpr uint32_t kRounds = 20;
    for (uint32_t round = 0; round < kRounds; ++round)
        for (uint32_t which = 0; which < 8; ++which) call_from(finder, (which * 5 + round) % 8);
    // Each is walked once or twice: as a new one, and because of where it differs from the first.
    EXPECT_GE(finder.hits, 8 * (kRounds - 3));
}

}  // namespace
}  // namespace heapdrift
