#include "analyzer/model/teardown.h"

#include <gtest/gtest.h>

namespace heapdrift::model {
namespace {

TEST(Teardown, TakesAMomentBeforeExit) {
    EXPECT_TRUE(is_teardown({96, 1000}, {99, 1000}, {99.9, 700}, 100));
    EXPECT_TRUE(is_teardown({96, 1000}, {99, 1000}, {99.9, 0}, 100));
}

TEST(Teardown, EbbAndFlowIsNone) {
    EXPECT_FALSE(is_teardown({96, 1000}, {99, 1000}, {99.9, 950}, 100));
    EXPECT_FALSE(is_teardown({96, 1000}, {99, 1000}, {99.9, 1100}, 100));
    EXPECT_FALSE(is_teardown({96, 0}, {99, 0}, {99.9, 0}, 100));
}

TEST(Teardown, IsPartOfTheWorkWhereItMayHaveTakenLonger) {
    EXPECT_FALSE(is_teardown({95, 1000}, {96, 1000}, {99.9, 0}, 100));
    EXPECT_FALSE(is_teardown({96, 1000}, {98, 1000}, {99, 0}, 105));
    EXPECT_FALSE(is_teardown({96, 3000}, {99, 1000}, {99.9, 0}, 100)) << "it began before";
    EXPECT_FALSE(is_teardown({0.48, 1000}, {0.49, 1000}, {0.499, 0}, 0.5)) << "too short to tell";
}

}  // namespace
}  // namespace heapdrift::model
