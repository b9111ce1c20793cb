#include "analyzer/model/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace heapdrift::model {
namespace {

std::vector<double> steps(size_t count) {
    std::vector<double> values;
    for (size_t i = 0; i < count; ++i) values.push_back(static_cast<double>(i));
    return values;
}

TEST(Statistics, MeanVarianceAndMedian) {
    const std::vector<double> values = {1, 2, 3, 10};
    EXPECT_DOUBLE_EQ(mean(values), 4);
    EXPECT_DOUBLE_EQ(variance(values), 12.5);
    EXPECT_DOUBLE_EQ(median(values), 2.5);
    EXPECT_DOUBLE_EQ(median({3, 1, 2}), 2);
    EXPECT_DOUBLE_EQ(median({}), 0);
    EXPECT_DOUBLE_EQ(mean({}), 0);
}

TEST(Statistics, NormalTail) {
    EXPECT_NEAR(normal_tail(1.959964), 0.025, 1e-6);
    EXPECT_DOUBLE_EQ(normal_tail(0), 0.5);
}

TEST(Statistics, TheilSenIsNotMovedByOutliers) {
    const std::vector<double> times = steps(20);
    std::vector<double> values;
    for (const double time : times) values.push_back(3 + 2 * time);
    values[7] = 1000;
    values[15] = -1000;
    const Slope slope = theil_sen(times, values);
    EXPECT_NEAR(slope.estimate, 2, 1e-9);
    EXPECT_LE(slope.low, 2);
    EXPECT_GE(slope.high, 2);
    EXPECT_LT(slope.high, 10);
}

TEST(Statistics, TheilSenIntervalHoldsTheSlopeInNineteenOfTwentyCases) {
    std::mt19937_64 random(5);
    std::normal_distribution<> noise(0, 5);
    const std::vector<double> times = steps(40);
    int held = 0;
    for (int i = 0; i < 400; ++i) {
        std::vector<double> values;
        for (const double time : times) values.push_back(0.3 * time + noise(random));
        const Slope slope = theil_sen(times, values);
        if (slope.low <= 0.3 && 0.3 <= slope.high) ++held;
    }
    EXPECT_GE(held, 370);
}

TEST(Statistics, TheilSenOfLittle) {
    EXPECT_DOUBLE_EQ(theil_sen({}, {}).estimate, 0);
    const std::vector<double> one = {1};
    EXPECT_DOUBLE_EQ(theil_sen(one, one).high, 0);
}

TEST(Statistics, MannKendallKnowsRiseFallAndNoTrend) {
    const std::vector<double> times = steps(10);
    const TrendTest rise = mann_kendall(times, times);
    EXPECT_DOUBLE_EQ(rise.s, 45);
    EXPECT_NEAR(rise.z, 44 / std::sqrt(10.0 * 9 * 25 / 18), 1e-9);
    EXPECT_LT(rise.p_rising, 0.001);
    std::vector<double> falling = times;
    std::ranges::reverse(falling);
    EXPECT_LT(mann_kendall(times, falling).p_falling, 0.001);
    const std::vector<double> constant(10, 4.0);
    EXPECT_DOUBLE_EQ(mann_kendall(times, constant).z, 0);
}

TEST(Statistics, MannKendallWithTiesHasKendallsVariance) {
    const std::vector<double> times = steps(6);
    const std::vector<double> values = {1, 1, 1, 2, 2, 3};
    const TrendTest test = mann_kendall(times, values);
    EXPECT_DOUBLE_EQ(test.s, 11);
    const double variance = (6.0 * 5 * 17 - 3.0 * 2 * 11 - 2.0 * 1 * 9) / 18;
    const double widening = (1 + test.autocorrelation) / (1 - test.autocorrelation);
    EXPECT_NEAR(test.z, 10 / std::sqrt(variance * widening), 1e-9);
}

TEST(Statistics, MannKendallSeldomFindsATrendInARandomWalk) {
    std::mt19937_64 random(6);
    std::normal_distribution<> step(0, 1);
    const std::vector<double> times = steps(48);
    int found = 0;
    for (int i = 0; i < 300; ++i) {
        std::vector<double> values;
        double at = 0;
        for (size_t j = 0; j < times.size(); ++j) values.push_back(at += step(random));
        const TrendTest test = mann_kendall(times, values);
        if (test.p_rising < 0.025 || test.p_falling < 0.025) ++found;
    }
    // Without the correction it is two of three.
    EXPECT_LT(found, 100);
}

TEST(Statistics, Autocorrelation) {
    EXPECT_GT(autocorrelation(steps(30)), 0.8);
    const std::vector<double> alternating = {1, -1, 1, -1, 1, -1, 1, -1};
    EXPECT_LT(autocorrelation(alternating), -0.8);
    const std::vector<double> constant(5, 1.0);
    EXPECT_DOUBLE_EQ(autocorrelation(constant), 0);
}

}  // namespace
}  // namespace heapdrift::model
