#include "analyzer/model/gate/run_comparison.h"

#include <gtest/gtest.h>

namespace heapdrift::model {
namespace {

using Values = std::vector<uint64_t>;

TEST(RunComparison, OneRunAgainstOneIsPlain) {
    EXPECT_EQ(compare_runs(Values{100}, Values{100}).change, Change::none);
    EXPECT_EQ(compare_runs(Values{100}, Values{101}).change, Change::higher);
    EXPECT_EQ(compare_runs(Values{100}, Values{99}).change, Change::lower);
    EXPECT_EQ(compare_runs(Values{100}, Values{150}).difference(), 50);
}

TEST(RunComparison, WithFewRunsWhatLiesAmongTheOthersIsNoise) {
    EXPECT_EQ(compare_runs(Values{90, 110}, Values{105}).change, Change::noise);
    EXPECT_EQ(compare_runs(Values{90, 110}, Values{111}).change, Change::higher);
    EXPECT_EQ(compare_runs(Values{90, 110}, Values{80, 89}).change, Change::lower);
    EXPECT_FALSE(compare_runs(Values{90, 110}, Values{105}).p);
}

TEST(RunComparison, WithEnoughRunsChanceIsComputed) {
    const RunComparison clear = compare_runs(Values{10, 11, 12, 13}, Values{20, 21, 22, 23});
    EXPECT_EQ(clear.change, Change::higher);
    EXPECT_NEAR(clear.p.value(), 2.0 / 70, 1e-12);
    const RunComparison mixed = compare_runs(Values{10, 12, 14, 16}, Values{11, 13, 15, 17});
    EXPECT_EQ(mixed.change, Change::noise);
    EXPECT_GT(mixed.p.value(), 0.5);
}

TEST(RunComparison, OneOutlierIsNoise) {
    EXPECT_EQ(compare_runs(Values{10, 10, 10, 10}, Values{10, 10, 10, 9000}).change, Change::none);
    EXPECT_EQ(compare_runs(Values{10, 10, 11, 11}, Values{10, 11, 11, 9000}).change, Change::noise);
}

// Known values: of R's wilcox.test(exact=TRUE) and of counting by hand.
TEST(MannWhitney, IsExact) {
    EXPECT_NEAR(mann_whitney(Values{1, 2, 3}, Values{4, 5, 6}), 0.1, 1e-12);
    EXPECT_NEAR(mann_whitney(Values{1, 3, 5}, Values{2, 4, 6}), 0.7, 1e-12);
    EXPECT_NEAR(mann_whitney(Values{1, 1}, Values{1, 1}), 1, 1e-12);
    // All 20 choices of three ranks of {1.5, 1.5, 3, 4, 5.5, 5.5}: four are as far from the mean.
    EXPECT_NEAR(mann_whitney(Values{1, 1, 2}, Values{3, 4, 4}), 0.1, 1e-12);
}

TEST(RunComparison, ManyRunsAreBounded) {
    const Values before(1000, 5);
    const Values after(1000, 6);
    EXPECT_EQ(compare_runs(before, after).change, Change::higher);
}

TEST(RunComparison, NothingIsComparedWithNothing) {
    EXPECT_EQ(compare_runs(Values{}, Values{5}).change, Change::none);
}

}  // namespace
}  // namespace heapdrift::model
