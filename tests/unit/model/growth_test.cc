#include "analyzer/model/growth.h"

#include <gtest/gtest.h>

#include <cmath>

#include "analyzer/model/leak_score.h"
#include "tests/evaluation/growth_cases.h"
#include "tests/unit/model/even_history.h"

namespace heapdrift::model {
namespace {

using testing::GrowthCase;

// Another seed than the one that the constants were tuned with.
constexpr uint64_t kSeed = 20261121;
constexpr int kProcesses = 40;

double share_called_likely(const GrowthCase& kind, size_t snapshots) {
    testing::Random random(kSeed);
    int called = 0;
    for (int i = 0; i < kProcesses; ++i)
        if (testing::judge(testing::simulate(kind, snapshots, random)).score >= kLikelyScore)
            ++called;
    return static_cast<double>(called) / kProcesses;
}

TEST(Growth, At48SnapshotsFindsLeaksOfEveryKindAndLeavesOthersAlone) {
    double leaks = 0;
    double recall = 0;
    double others = 0;
    double alarms = 0;
    for (const GrowthCase& kind : testing::growth_cases()) {
        const double share = share_called_likely(kind, 48);
        if (kind.leak) {
            ++leaks;
            recall += share;
            EXPECT_GE(share, 0.75) << kind.name;
        } else {
            ++others;
            alarms += share;
            EXPECT_LE(share, 0.25) << kind.name;
        }
    }
    EXPECT_GE(recall / leaks, 0.95);
    EXPECT_LE(alarms / others, 0.03);
}

TEST(Growth, At24SnapshotsFindsNineLeaksInTen) {
    double leaks = 0;
    double recall = 0;
    double others = 0;
    double alarms = 0;
    for (const GrowthCase& kind : testing::growth_cases()) {
        (kind.leak ? leaks : others) += 1;
        (kind.leak ? recall : alarms) += share_called_likely(kind, 24);
    }
    EXPECT_GE(recall / leaks, 0.9);
    EXPECT_LE(alarms / others, 0.1);
}

SiteHistory list_growing_by(double each, size_t intervals) {
    SiteHistory history;
    double blocks = 0;
    for (size_t i = 0; i < intervals; ++i) {
        blocks += each;
        history.allocations.push_back(blocks);
        history.deallocations.push_back(0);
        history.allocated_bytes.push_back(100 * blocks);
        history.deallocated_bytes.push_back(0);
    }
    return history;
}

// At a great age only the table's first entries count, which come nearly as fast as each other.
TEST(Growth, TableThatFillsUpIsKnownByItsYoungestEntries) {
    const auto judge = [](double filled) {
        EvenHistory history;
        for (int i = 0; i < 60; ++i)
            history.add_point(100 + std::round(60 * std::exp(-filled * i / 60)), 100);
        return judge_growth(history.survivors());
    };
    EXPECT_LT(judge(3).score, kLikelyScore);
    EXPECT_GT(judge(0).score, kLeakScore);
}

TEST(Growth, IsNotJudgedOnAHandfulOfSnapshots) {
    EXPECT_FALSE(testing::judge(list_growing_by(5, 5)).judged());
    EXPECT_EQ(testing::judge(list_growing_by(5, 5)).score, 0);
    EXPECT_EQ(testing::judge(SiteHistory{}).score, 0);
    EXPECT_GT(testing::judge(list_growing_by(5, 6)).score, 0);
}

TEST(Growth, NumbersBehindTheTermsAreCounts) {
    const Growth growth = testing::judge(list_growing_by(5, 24));
    EXPECT_EQ(growth.warm_up, 4u);
    EXPECT_EQ(growth.deaths, 0);
    EXPECT_EQ(growth.survivors, growth.allocated);
    EXPECT_EQ(growth.generations, growth.candidates);
    EXPECT_EQ(growth.silent, 0u);
    EXPECT_GT(growth.score, 0.9);
}

}  // namespace
}  // namespace heapdrift::model
