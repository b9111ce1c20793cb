#include "analyzer/model/trend.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

#include "analyzer/model/run_history.h"
#include "tests/unit/support/profile_builder.h"

namespace heapdrift::model {
namespace {

constexpr size_t kPoints = 60;

Trend trend_of(const std::function<double(double)>& value) {
    std::vector<double> seconds;
    std::vector<double> values;
    for (size_t i = 1; i <= kPoints; ++i) {
        seconds.push_back(static_cast<double>(i));
        values.push_back(value(static_cast<double>(i)));
    }
    return model::trend_of(seconds, values);
}

TEST(Trend, WordSaysHowItWent) {
    std::mt19937_64 random(3);
    std::normal_distribution<> noise(0, 100);
    const auto word = [](const auto& value) { return trend_word_name(trend_of(value).word); };
    EXPECT_STREQ(word([](double) { return 5000.0; }), "stable");
    EXPECT_STREQ(word([&](double) { return 5000 + noise(random); }), "stable");
    EXPECT_STREQ(word([&](double t) { return 1000 + 50 * t + noise(random); }), "increasing");
    EXPECT_STREQ(word([&](double t) { return 9000 - 50 * t + noise(random); }), "decreasing");
    EXPECT_STREQ(word([](double t) { return 100 * std::fmod(t, 10); }), "sawtooth");
    EXPECT_STREQ(word([](double t) { return 1000 * std::floor(t / 20); }), "stepped");
    EXPECT_STREQ(word([](double t) { return std::min(t, 10.0) * 100; }), "stable") << "warm-up";
}

TEST(Trend, FiguresAndTheTimeOfTheBeginning) {
    const Trend trend = trend_of([](double t) { return t < 30 ? 1000 : 1000 + 200 * (t - 30); });
    EXPECT_EQ(trend.current, 7000);
    EXPECT_EQ(trend.peak, 7000);
    EXPECT_EQ(trend.word, TrendWord::increasing);
    ASSERT_TRUE(trend.began_seconds);
    EXPECT_NEAR(*trend.began_seconds, 31, 1.5);
    EXPECT_LE(trend.per_second.low, trend.per_second.estimate);
    EXPECT_GE(trend.per_second.high, trend.per_second.estimate);
}

TEST(Trend, OfFewSnapshotsIsUnknown) {
    const std::vector<double> values = {1, 2, 3};
    EXPECT_EQ(model::trend_of(values, values).word, TrendWord::unknown);
    EXPECT_EQ(model::trend_of(values, values).current, 3);
    EXPECT_EQ(model::trend_of({}, {}).word, TrendWord::unknown);
}

TEST(Forecast, IsTheTimeToTheLimitWithItsInterval) {
    const Forecast found = forecast(2000, 1000, {10, 5, 20});
    EXPECT_EQ(found.seconds, 100);
    EXPECT_EQ(found.earliest_seconds, 50);
    EXPECT_EQ(found.latest_seconds, 200);
    EXPECT_FALSE(forecast(2000, 1000, {0, -1, 1}).seconds);
    EXPECT_FALSE(forecast(2000, 1000, {1, -1, 2}).latest_seconds);
    EXPECT_EQ(forecast(500, 1000, {0, 0, 0}).seconds, 0) << "reached";
}

class TrendTables : public ::testing::Test {
protected:
    TrendTables() {
        builder_.add({"grow a.cc:1", "main m.cc:1"}, 10);
        builder_.add({"grow a.cc:2", "main m.cc:1"}, 10);
        builder_.add({"rest b.cc:1", "main m.cc:1"}, 10);
        for (uint32_t i = 0; i < 20; ++i)
            history_.points.push_back(
                {.snapshot = i + 1, .generation = i + 1, .seconds = static_cast<double>(i + 1)});
        for (uint32_t id = 1; id <= 3; ++id) {
            SiteHistory& site = history_.sites.emplace_back();
            site.site = id;
            for (uint32_t i = 0; i < 20; ++i) {
                site.allocated_bytes.push_back(id == 3 ? 500 : 100.0 * (i + 1) * id);
                site.deallocated_bytes.push_back(0);
            }
            site.allocations = site.allocated_bytes;
            site.deallocations = site.deallocated_bytes;
        }
    }
    testing::ProfileBuilder builder_;
    History history_;
};

TEST_F(TrendTables, ByFunctionSumTheirSites) {
    const TrendTable table = trend_table(builder_.profile, history_, GroupBy::function);
    ASSERT_EQ(table.rows.size(), 2u);
    EXPECT_EQ(table.rows[0].key, "grow");
    EXPECT_DOUBLE_EQ(table.rows[0].trend.per_second.estimate, 300);
    EXPECT_EQ(table.rows[1].trend.word, TrendWord::stable);
    EXPECT_DOUBLE_EQ(table.total.trend.current, 20 * 300 + 500);
    EXPECT_FALSE(table.cgroup);
}

TEST_F(TrendTables, ByTracebackTheFastestComesFirst) {
    const TrendTable table = trend_table(builder_.profile, history_, GroupBy::traceback);
    ASSERT_EQ(table.rows.size(), 3u);
    EXPECT_EQ(table.rows[0].site, 1u);
    EXPECT_EQ(table.rows[2].site, 2u);
}

TEST_F(TrendTables, OfSeveralRunsAreJoinedByKey) {
    std::vector<TrendTable> runs;
    for (const double factor : {1, 2, 3}) {
        History history = history_;
        for (double& bytes : history.sites[0].allocated_bytes) bytes *= factor;
        if (factor == 2) history.sites.pop_back();
        runs.push_back(trend_table(builder_.profile, history, GroupBy::function));
    }
    const std::vector<RunRow> rows = join_runs(runs);
    ASSERT_EQ(rows.size(), 3u);
    EXPECT_EQ(rows[0].key, "");
    EXPECT_EQ(rows[1].key, "grow");
    EXPECT_DOUBLE_EQ(rows[1].bytes_per_run.estimate, 2000);
    EXPECT_EQ(rows[2].key, "rest");
    EXPECT_FALSE(rows[2].runs[1]) << "absent from the second run";
}

}  // namespace
}  // namespace heapdrift::model
