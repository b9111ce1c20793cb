#include "analyzer/model/site_history.h"

#include <gtest/gtest.h>

#include "analyzer/model/timing.h"
#include "tests/unit/support/profile_builder.h"

namespace heapdrift::model {
namespace {

// Of eight generations every second snapshot is held.
const std::vector<HistoryPoint> kThinned = {
    {.snapshot = 2, .generation = 2, .seconds = 2},
    {.snapshot = 4, .generation = 4, .seconds = 4},
    {.snapshot = 6, .generation = 6, .seconds = 6},
    {.snapshot = 8, .generation = 8, .seconds = 8},
};

TEST(SiteHistory, GenerationsOfThinnedSnapshotsBelongToTheIntervalThatHoldsThem) {
    EXPECT_EQ(interval_of(kThinned, 0), 0u);
    EXPECT_EQ(interval_of(kThinned, 1), 0u);
    EXPECT_EQ(interval_of(kThinned, 2), 1u);
    EXPECT_EQ(interval_of(kThinned, 5), 2u);
    EXPECT_EQ(interval_of(kThinned, 8), 4u) << "behind the last";
}

TEST(SiteHistory, EntriesOfOneIntervalAndBehindTheLastAreLeftOut) {
    const std::vector<AgedDeallocations> raw = {
        {0, 1, 5, 50}, {1, 2, 3, 30}, {0, 7, 2, 20}, {6, 9, 1, 10}};
    const std::vector<AgedDeallocations> found = intervals_of(kThinned, raw);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].born, 0u);
    EXPECT_EQ(found[0].freed, 1u);
    EXPECT_EQ(found[0].deallocations, 3);
    EXPECT_EQ(found[1].freed, 3u);
}

TEST(Timing, CountsTimeInMeanIntervalsAndWorkWhereThereIsAny) {
    const std::vector<HistoryPoint> points = {
        {.snapshot = 1, .generation = 1, .seconds = 1, .operations = 100},
        {.snapshot = 2, .generation = 2, .seconds = 2, .operations = 200},
        {.snapshot = 3, .generation = 3, .seconds = 7, .operations = 250},
        {.snapshot = 4, .generation = 4, .seconds = 8, .operations = 500},
    };
    const Timing timing = timing_of(points);
    EXPECT_EQ(timing.time, (std::vector<double>{0.5, 1, 3.5, 4}));
    ASSERT_EQ(timing.work.size(), 4u);
    EXPECT_DOUBLE_EQ(timing.work[1], 1);
    EXPECT_DOUBLE_EQ(timing.work[2] - timing.work[1], 0.25) << "a tenth of the usual work";
    EXPECT_DOUBLE_EQ(timing.work[3] - timing.work[2], 0.5);
    EXPECT_TRUE(timing_of({}).time.empty());
}

TEST(Timing, OfOperationsDoesNotHangOnWhenTheProcessRan) {
    History calm;
    History busy;
    for (int i = 1; i <= 4; ++i) {
        calm.points.push_back({.seconds = 1.0 * i, .operations = 100.0 * i});
        busy.points.push_back({.seconds = 1.0 * i * i, .operations = 100.0 * i});
    }
    // Operations that were not counted must not stop the clock.
    calm.points.push_back({.seconds = 5, .operations = 400});
    busy.points.push_back({.seconds = 99, .operations = 400});
    take_operations_for_time(calm);
    take_operations_for_time(busy);
    EXPECT_EQ(timing_of(calm.points).time, timing_of(busy.points).time);
    EXPECT_EQ(timing_of(calm.points).work, timing_of(busy.points).work);
    EXPECT_GT(calm.points[4].seconds, calm.points[3].seconds);
}

TEST(SiteHistory, FilteredSitesLoseTheirHistory) {
    testing::ProfileBuilder builder;
    builder.add({"a f:1"}, 10);
    builder.add({"b f:2"}, 10);
    History history;
    for (const uint32_t id : {1u, 2u, 3u}) history.sites.emplace_back().site = id;
    builder.profile.sites.erase(builder.profile.sites.begin());
    keep_sites_of(builder.profile, history);
    ASSERT_EQ(history.sites.size(), 1u);
    EXPECT_EQ(history.sites[0].site, 2u);
}

}  // namespace
}  // namespace heapdrift::model
