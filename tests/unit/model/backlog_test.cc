#include "analyzer/model/backlog.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>

#include "analyzer/model/leak_score.h"

namespace heapdrift::model {
namespace {

constexpr size_t kPoints = 60;
constexpr int kRuns = 100;

// Share of runs called likely. In each interval so many come and so many of those there go, on
// average, by the share of the run that is over and the number that is there.
double share_called(const std::function<double(double)>& come,
                    const std::function<double(double, double)>& go) {
    Timing timing;
    for (size_t i = 1; i <= kPoints; ++i) timing.time.push_back(static_cast<double>(i));
    timing.work = timing.time;
    std::mt19937_64 random(20261121);
    const auto about = [&](double mean) {
        return mean <= 0 ? 0 : std::poisson_distribution<>(mean)(random);
    };
    int called = 0;
    for (int run = 0; run < kRuns; ++run) {
        SiteHistory history;
        double come_so_far = 0;
        double gone_so_far = 0;
        for (size_t i = 0; i < kPoints; ++i) {
            const double over = static_cast<double>(i) / kPoints;
            come_so_far += about(come(over));
            const double there = come_so_far - gone_so_far;
            gone_so_far += std::min<double>(there, about(go(over, there)));
            history.allocations.push_back(come_so_far);
            history.deallocations.push_back(gone_so_far);
        }
        if (judge_backlog(history, timing).score >= kLikelyScore) ++called;
    }
    return static_cast<double>(called) / kRuns;
}

double steadily(double) {
    return 20;
}

TEST(Backlog, FindsQueueThatIsFilledFasterThanItIsEmptied) {
    EXPECT_GE(share_called(steadily, [](double, double) { return 16; }), 0.85);
    EXPECT_GE(share_called(steadily, [](double, double) { return 12; }), 0.95);
}

TEST(Backlog, FindsQueueOfALoadThatRises) {
    EXPECT_GE(share_called([](double over) { return over < 0.5 ? 20 : 45; },
                           [](double over, double) { return over < 0.5 ? 14 : 32; }),
              0.5);
}

TEST(Backlog, LeavesQueueAloneThatIsEmptiedInTime) {
    EXPECT_LE(share_called(steadily, [](double, double) { return 20; }), 0.05);
    EXPECT_EQ(share_called(steadily, [](double, double) { return 24; }), 0);
}

TEST(Backlog, LeavesQueueAloneThatIsFull) {
    EXPECT_EQ(
        share_called(steadily, [](double, double there) { return std::max(0.0, there - 150); }), 0);
}

TEST(Backlog, LeavesLongLivesAlone) {
    for (const double lifetime : {2, 6, 15})
        EXPECT_LE(share_called(steadily, [&](double, double there) { return there / lifetime; }),
                  0.02)
            << lifetime;
}

TEST(Backlog, LeavesRisingLoadAlone) {
    EXPECT_EQ(share_called([](double over) { return 60 * over; },
                           [](double, double there) { return there / 3; }),
              0);
}

TEST(Backlog, LeavesBatchesAlone) {
    EXPECT_EQ(share_called(steadily, [](double, double there) { return there > 250 ? there : 0; }),
              0);
}

TEST(Backlog, IsInTheScoreAsLikelyAndNoMore) {
    History history;
    SiteHistory site;
    for (uint32_t i = 1; i <= kPoints; ++i) {
        history.points.push_back({.snapshot = i, .generation = i, .seconds = 0.5 * i});
        site.allocations.push_back(10.0 * i);
        site.deallocations.push_back(8.0 * i);
        site.allocated_bytes.push_back(1000.0 * i);
        site.deallocated_bytes.push_back(800.0 * i);
    }
    // The oldest are taken to be freed first, as in a queue.
    site.ages_incomplete = true;
    const LeakScore score = score_leak(history, site);
    EXPECT_EQ(score.verdict(), Verdict::likely);
    ASSERT_TRUE(score.backlog);
    EXPECT_NEAR(score.bytes_per_second.estimate, 400, 1e-6);
    EXPECT_NE(score.reading.find("fewer are freed than allocated"), std::string::npos);
}

}  // namespace
}  // namespace heapdrift::model
