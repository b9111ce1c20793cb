#include "analyzer/model/estimate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace heapdrift::model {
namespace {

constexpr uint64_t kInterval = 512 * 1024;

struct Blocks {
    uint64_t size;
    uint64_t count;
};

double chance(uint64_t size) {
    return 1 - std::exp(-static_cast<double>(size) / kInterval);
}

// What a recorder that samples these blocks counts, as core/README.md says.
Figures sample(const std::vector<Blocks>& blocks, std::mt19937_64& random) {
    Figures figures;
    figures.sampled = true;
    figures.sampling_interval = kInterval;
    double count = 0;
    for (const Blocks& each : blocks) {
        const double p = chance(each.size);
        const auto size = static_cast<double>(each.size);
        const uint64_t taken = std::binomial_distribution<uint64_t>(each.count, p)(random);
        figures.live_bytes += taken * static_cast<uint64_t>(std::lround(size / p));
        figures.live_variance += static_cast<double>(taken) * size * size * (1 - p) / (p * p);
        count += static_cast<double>(taken) / p;
    }
    figures.live_allocations = static_cast<uint64_t>(std::lround(count));
    return figures;
}

uint64_t bytes_of(const std::vector<Blocks>& blocks) {
    uint64_t bytes = 0;
    for (const Blocks& each : blocks) bytes += each.size * each.count;
    return bytes;
}

double coverage(const std::vector<Blocks>& blocks) {
    constexpr int kRuns = 4000;
    std::mt19937_64 random(20);
    const auto truth = static_cast<double>(bytes_of(blocks));
    int covered = 0;
    for (int run = 0; run < kRuns; ++run) {
        const auto interval = interval_of(sample(blocks, random), Column::live_bytes);
        covered += interval->low <= truth && truth <= interval->high ? 1 : 0;
    }
    return covered / static_cast<double>(kRuns);
}

TEST(Estimate, IntervalsOfEqualBlocksCoverTheTruthAsOftenAsTheySay) {
    for (const uint64_t intervals : {3, 5, 8, 12, 20, 50, 200, 1000, 10000}) {
        for (const uint64_t size : {24, 1000, 30'000}) {
            const double share = coverage({{size, intervals * kInterval / size}});
            EXPECT_GE(share, 0.93) << intervals << " intervals in blocks of " << size;
            EXPECT_LE(share, 0.97) << intervals << " intervals in blocks of " << size;
        }
    }
}

TEST(Estimate, IntervalsOfMixedBlocksCoverTheTruthAsOftenAsTheySay) {
    for (const uint64_t times : {1, 4, 30, 1000}) {
        const std::vector<Blocks> blocks = {{32, 50'000 * times},
                                            {4096, 300 * times},
                                            {100'000, 10 * times},
                                            {kInterval, 2 * times},
                                            {20 * kInterval, times}};
        const double share = coverage(blocks);
        EXPECT_GE(share, 0.93) << times;
        EXPECT_LE(share, 0.97) << times;
    }
}

TEST(Estimate, IntervalsOfChangesCoverTheTruth) {
    std::mt19937_64 random(7);
    for (const uint64_t times : {1, 10, 300}) {
        const std::vector<Blocks> then = {{64, 60'000 * times}, {10'000, 300 * times}};
        const std::vector<Blocks> now = {{64, 90'000 * times}, {10'000, 200 * times}};
        const auto truth = static_cast<double>(bytes_of(now)) - static_cast<double>(bytes_of(then));
        int covered = 0;
        for (int run = 0; run < 2000; ++run) {
            const auto interval =
                interval_of_change(sample(then, random), sample(now, random), Column::live_bytes);
            covered += interval->low <= truth && truth <= interval->high ? 1 : 0;
        }
        EXPECT_GE(covered, 0.93 * 2000) << times;
        EXPECT_LE(covered, 0.97 * 2000) << times;
    }
}

TEST(Estimate, NothingSampledMayStillBeSomeIntervals) {
    Figures figures;
    figures.sampling_interval = kInterval;
    const auto interval = interval_of(figures, Column::live_bytes);
    EXPECT_EQ(interval->standard_error, 0);
    EXPECT_EQ(interval->low, 0);
    EXPECT_NEAR(interval->high, 3.84 * kInterval, 0.01 * kInterval);
    EXPECT_FALSE(interval_of(figures, Column::live_allocations));
}

TEST(Estimate, CountsHaveTheErrorOfTheBytesByTheMeanSize) {
    Figures figures;
    figures.sampling_interval = kInterval;
    figures.live_bytes = 100 * kInterval;
    figures.live_allocations = kInterval;
    figures.live_variance = 100.0 * kInterval * kInterval;
    EXPECT_DOUBLE_EQ(interval_of(figures, Column::live_bytes)->standard_error, 10.0 * kInterval);
    EXPECT_NEAR(interval_of(figures, Column::live_allocations)->standard_error, 0.1 * kInterval, 1);
    EXPECT_FALSE(interval_of(figures, Column::temporary));
}

TEST(Estimate, ExactFiguresHaveNone) {
    EXPECT_FALSE(interval_of(Figures{}, Column::live_bytes));
    EXPECT_FALSE(interval_of_change(Figures{}, Figures{}, Column::live_bytes));
}

TEST(Estimate, VariancesAdd) {
    Figures sum;
    Figures sampled;
    sampled.sampled = true;
    sampled.sampling_interval = kInterval;
    sampled.live_variance = 4;
    sampled.allocated_variance = 9;
    sum += Figures{};
    sum += sampled;
    sum += sampled;
    EXPECT_TRUE(sum.estimated());
    EXPECT_DOUBLE_EQ(sum.live_variance, 8);
    EXPECT_DOUBLE_EQ(sum.allocated_variance, 18);
}

}  // namespace
}  // namespace heapdrift::model
