// Tests of which some leak: the listener of listeners/heapdrift_gtest.h fails just these.
#include <cstdlib>
#include <string>
#include <vector>

#include "listeners/heapdrift_gtest.h"

#define ALONE extern "C" __attribute__((noipa))

static void* hidden;
ALONE void lose_two_blocks() {
    hidden = std::malloc(123);
    hidden = std::malloc(7);
}

// Each call loses a block by a call stack of its own.
ALONE void lose_below(int depth) {
    hidden = std::malloc(16);
    if (depth > 1) lose_below(depth - 1);
    hidden = nullptr;
}

class Store : public testing::Test {
protected:
    std::vector<std::string> kept_{"a string that is longer than the buffer of one"};
};

TEST_F(Store, is_clean) {
    kept_.resize(100, "another string that is longer than the buffer of one");
    EXPECT_EQ(kept_.size(), 100u);
}

TEST_F(Store, leaks) {
    lose_two_blocks();
    EXPECT_EQ(kept_.size(), 1u);
}

TEST_F(Store, leaks_by_many_stacks) {
    lose_below(300);
}

TEST_F(Store, leaks_ignored) {
    const heapdrift::IgnoreScope scope;
    lose_two_blocks();
}

TEST_F(Store, skips) {
    lose_two_blocks();
    GTEST_SKIP();
}

TEST_F(Store, is_clean_again) {
    EXPECT_EQ(std::string(1000, 'a').size(), 1000u);
}

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    heapdrift::fail_tests_that_leak();
    return RUN_ALL_TESTS();
}
