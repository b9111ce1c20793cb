#include "analyzer/model/block_growth.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <initializer_list>
#include <random>

#include "analyzer/model/leak_score.h"

namespace heapdrift::model {
namespace {

constexpr size_t kPoints = 60;

// One block at each point, of a size by the share of the run that is over; enlarged when the size
// changes.
SiteHistory block_of(const std::function<double(double)>& size, double blocks = 1) {
    SiteHistory history;
    double enlarged = 0;
    double freed_bytes = 0;
    double last = 0;
    for (size_t i = 1; i <= kPoints; ++i) {
        const double now = size(static_cast<double>(i) / kPoints);
        if (now != last) {
            freed_bytes += i > 1 ? blocks * last : 0;
            enlarged += i > 1 ? blocks : 0;
        }
        last = now;
        history.allocations.push_back(blocks + enlarged);
        history.deallocations.push_back(enlarged);
        history.allocated_bytes.push_back(freed_bytes + blocks * now);
        history.deallocated_bytes.push_back(freed_bytes);
    }
    return history;
}

Timing even_timing() {
    Timing timing;
    for (size_t i = 1; i <= kPoints; ++i) timing.time.push_back(static_cast<double>(i));
    timing.work = timing.time;
    return timing;
}

double score_of(const std::function<double(double)>& size, double blocks = 1) {
    return judge_block_growth(block_of(size, blocks), even_timing()).score;
}

// Room for a content of so many bytes.
double in_chunks(double content, double chunk) {
    return std::ceil(content / chunk) * chunk;
}
double doubled(double content) {
    return std::exp2(std::ceil(std::log2(content)));
}

// As a snapshot has it that falls into a realloc.
SiteHistory without_block_at(SiteHistory history, std::initializer_list<size_t> points) {
    for (const size_t at : points) {
        history.deallocations[at] += 1;
        history.deallocated_bytes[at] = history.allocated_bytes[at];
    }
    return history;
}

TEST(BlockGrowth, SnapshotsThatFallIntoAReallocDoNotHideIt) {
    const auto growing = [](double over) { return in_chunks(50'000 * over, 4096); };
    const SiteHistory seen = without_block_at(block_of(growing), {15, 22, 40});
    EXPECT_GE(judge_block_growth(seen, even_timing()).score, kLeakScore);
    const SiteHistory gone = without_block_at(block_of(growing), {22, 23, 24});
    EXPECT_EQ(judge_block_growth(gone, even_timing()).score, 0) << "freed, and another one made";
}

TEST(BlockGrowth, FindsBlockThatIsEnlargedAgainAndAgain) {
    EXPECT_GE(score_of([](double over) { return in_chunks(50'000 * over, 512); }), kLeakScore);
    EXPECT_GE(score_of([](double over) { return in_chunks(50'000 * over, 4096); }), kLeakScore);
    EXPECT_GE(score_of([](double over) { return in_chunks(9'000 * over, 256); }, 8), kLeakScore);
}

TEST(BlockGrowth, FindsLateBeginner) {
    EXPECT_GE(score_of([](double over) {
                  return in_chunks(1000 + 50'000 * std::max(0.0, over - 0.4), 512);
              }),
              kLikelyScore);
}

TEST(BlockGrowth, FewDoublingsAtOnePaceAreLikelyAndNoMore) {
    for (const double most : {33'000.0, 40'000.0, 50'000.0, 60'000.0, 65'000.0}) {
        const BlockGrowth growth = judge_block_growth(
            block_of([&](double over) { return doubled(most * over); }), even_timing());
        EXPECT_TRUE(growth.by_pace) << most;
        EXPECT_GE(growth.score, kLikelyScore) << most;
        EXPECT_LT(growth.score, kLeakScore) << most;
    }
}

TEST(BlockGrowth, LeavesBlockAloneThatHasFoundItsSize) {
    for (const double until : {0.1, 0.3, 0.5, 0.6}) {
        const auto content = [&](double over) { return 50'000 * std::min(over, until); };
        EXPECT_LT(score_of([&](double over) { return in_chunks(content(over), 512); }), kWatchScore)
            << until;
        if (until <= 0.3) {
            EXPECT_LT(score_of([&](double over) { return doubled(content(over)); }), kWatchScore)
                << until;
        }
    }
}

TEST(BlockGrowth, LeavesBufferAloneThatIsEmptied) {
    const auto teeth = [](double over) { return 500 + 50'000 * std::fmod(over, 0.3); };
    EXPECT_EQ(score_of([&](double over) { return in_chunks(teeth(over), 512); }), 0);
    EXPECT_EQ(score_of([&](double over) { return doubled(teeth(over)); }), 0);
}

TEST(BlockGrowth, LeavesTableAloneThatFillsUp) {
    EXPECT_LT(
        score_of([](double over) { return in_chunks(50'000 * (1 - std::exp(-8 * over)), 512); }),
        kLikelyScore);
}

TEST(BlockGrowth, LeavesBufferAloneThatIsAsLongAsTheLongestLine) {
    std::mt19937_64 random(20261121);
    std::exponential_distribution<> length(1.0 / 80);
    int called = 0;
    for (int run = 0; run < 200; ++run) {
        double longest = 1;
        if (score_of([&](double) {
                for (int i = 0; i < 10; ++i) longest = std::max(longest, length(random));
                return longest;
            }) >= kLikelyScore)
            ++called;
    }
    EXPECT_LE(called, 4);
}

TEST(BlockGrowth, LeavesSitesAloneWhoseBlocksBecomeMore) {
    SiteHistory history = block_of([](double over) { return in_chunks(50'000 * over, 512); });
    for (size_t i = 0; i < kPoints; ++i) history.allocations[i] += static_cast<double>(i);
    EXPECT_EQ(judge_block_growth(history, even_timing()).score, 0);
}

TEST(BlockGrowth, IsNotJudgedOnAHandfulOfSnapshots) {
    EXPECT_EQ(judge_block_growth(SiteHistory{}, Timing{}).score, 0);
}

TEST(BlockGrowth, IsInTheScoreWithItsRateAndItsOwnEvidence) {
    History history;
    for (uint32_t i = 1; i <= kPoints; ++i)
        history.points.push_back({.snapshot = i, .generation = i, .seconds = 0.5 * i});
    const LeakScore score =
        score_leak(history, block_of([](double over) { return 60'000 * over; }));
    EXPECT_EQ(score.verdict(), Verdict::leak);
    ASSERT_TRUE(score.larger);
    EXPECT_NEAR(score.bytes_per_second.estimate, 2000, 1e-6);
    EXPECT_NE(score.reading.find("a block grew from"), std::string::npos) << score.reading;
    EXPECT_EQ(score.evidence.front().name, "spread");
}

}  // namespace
}  // namespace heapdrift::model
