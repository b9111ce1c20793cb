#include "analyzer/model/records.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "analyzer/model/leak_score.h"
#include "tests/unit/model/growing_list.h"

namespace heapdrift::model {
namespace {

std::vector<Births> births_of(const std::vector<double>& counts) {
    std::vector<Births> births;
    for (const double count : counts) {
        const auto begin = static_cast<double>(births.size());
        births.push_back({count, begin, begin + 1});
    }
    return births;
}

// Of 48 intervals with a start of 40 blocks, and one more every `every` intervals.
std::vector<Births> set_up_and_one_every(size_t every) {
    std::vector<double> counts(48);
    for (size_t i = every; i < counts.size(); i += every) counts[i] = 1;
    counts[0] = 40;
    return births_of(counts);
}

TEST(Records, AreCertainWhereNothingComesLater) {
    std::vector<double> counts(48);
    counts[0] = 40;
    EXPECT_NEAR(likelihood_of_records(births_of(counts)), 1, 1e-9);
    EXPECT_EQ(likelihood_of_records({}), 0);
    EXPECT_EQ(likelihood_of_records(births_of(std::vector<double>(48))), 0);
}

// Of the nine intervals after the first tenth of the run one has births.
TEST(Records, HaveTheirChanceByTheNumberOfStretches) {
    const double none = 1.0 / 2 * 2 / 3 * 3 / 4 * 4 / 5 * 5 / 6 * 6 / 7 * 7 / 8 * 8 / 9 * 9 / 10;
    EXPECT_NEAR(likelihood_of_records(births_of({9, 0, 0, 0, 0, 0, 0, 0, 0, 1})), 1 - none, 1e-9);
}

TEST(Records, DoNotComeAsOftenAsALeak) {
    EXPECT_LT(likelihood_of_records(set_up_and_one_every(2)), 1e-6);
    EXPECT_LT(likelihood_of_records(set_up_and_one_every(6)), 0.05);
    EXPECT_GT(likelihood_of_records(set_up_and_one_every(16)), 0.5);
}

TEST(Records, AreNoExplanationWhereMoreCameLaterThanAtTheStart) {
    std::vector<double> counts(48);
    counts[0] = 3;
    counts[30] = 10;
    EXPECT_EQ(likelihood_of_records(births_of(counts)), 0);
}

TEST(Records, AreThoseOfALoadThatBeginsLate) {
    std::vector<double> counts(48);
    counts[0] = 1;
    counts[20] = 50;
    counts[33] = 4;
    EXPECT_GT(likelihood_of_records(births_of(counts)), 0.5);
}

TEST(Records, ThatLieSideBySideAreOne) {
    std::vector<double> counts(48);
    counts[0] = 40;
    for (const size_t at : {20, 21, 22, 23, 36, 37, 38, 39}) counts[at] = 1;
    EXPECT_GT(likelihood_of_records(births_of(counts)), 0.2);
}

// Loads of independent maxima: in no more than one in twenty are they less likely than that.
TEST(Records, OfASteadyLoadAreSeldomUnlikely) {
    std::mt19937_64 random(20261122);
    int unlikely = 0;
    constexpr int kLoads = 400;
    for (int load = 0; load < kLoads; ++load) {
        std::vector<double> counts;
        double most = 0;
        for (int i = 0; i < 60; ++i) {
            const double now = std::poisson_distribution<int>(60)(random);
            counts.push_back(std::max(0.0, now - most));
            most = std::max(most, now);
        }
        if (likelihood_of_records(births_of(counts)) < 0.05) ++unlikely;
    }
    EXPECT_LE(unlikely, kLoads / 20);
}

TEST(Records, LeaveAPoolBelowLikelyAndALeakWithASetUpAlone) {
    SiteHistory pool = list_growing_by(0, 48);
    SiteHistory leak = list_growing_by(0, 48);
    for (size_t at = 0; at < 48; ++at) {
        const auto intervals = static_cast<double>(at);
        pool.allocations[at] = 70 + (at >= 15 ? 5 : 0) + (at >= 28 ? 6 : 0) + (at >= 43 ? 4 : 0);
        leak.allocations[at] = 70 + intervals;
        pool.allocated_bytes[at] = 100 * pool.allocations[at];
        leak.allocated_bytes[at] = 100 * leak.allocations[at];
    }
    const LeakScore of_pool = score_leak(history_of(48), pool);
    EXPECT_LT(of_pool.score, kLikelyScore);
    EXPECT_GT(of_pool.growth.records, 0.05);
    EXPECT_GE(score_leak(history_of(48), leak).score, kLeakScore);
}

}  // namespace
}  // namespace heapdrift::model
