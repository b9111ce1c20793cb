#include "analyzer/model/survivors.h"

#include <gtest/gtest.h>

namespace heapdrift::model {
namespace {

const Timing kTiming = {{1, 2, 3, 4}, {1, 2, 3, 4}};

// Ten blocks in each of four intervals. Of the first two intervals' four each die in the next
// interval and one in the third's; three die in the interval they were born in.
SiteHistory example() {
    SiteHistory history;
    history.allocations = {10, 20, 30, 40};
    history.aged = {{0, 1, 4, 400}, {0, 2, 1, 100}, {1, 2, 4, 400}};
    history.deallocations = {3, 10, 18, 21};
    history.allocated_bytes = {1000, 2000, 3000, 4000};
    history.deallocated_bytes = {300, 1000, 1800, 2100};
    return history;
}

TEST(Survivors, AreExactByIntervalOfBirth) {
    const Survivors survivors(example(), kTiming);
    EXPECT_EQ(survivors.live(0, 0), 7);
    EXPECT_EQ(survivors.live(0, 1), 3);
    EXPECT_EQ(survivors.live(0, 2), 2);
    EXPECT_EQ(survivors.live_at_end(0), 2);
    EXPECT_EQ(survivors.live_at_end(1), 3);
    EXPECT_EQ(survivors.live_at_end(2), 7);
    EXPECT_EQ(survivors.live_at_end(3), 7);
    EXPECT_EQ(survivors.live(2, 1), 0) << "not born yet";
    EXPECT_EQ(survivors.deaths(3, 3), 3);
    EXPECT_EQ(survivors.freed_total(), 21);
}

TEST(Survivors, OfBytesAreTheSame) {
    const Survivors survivors(example(), kTiming, Survivors::Measure::bytes);
    EXPECT_EQ(survivors.live_at_end(1), 300);
}

TEST(Survivors, SumUpToWhatIsLive) {
    const SiteHistory history = example();
    const Survivors survivors(history, kTiming);
    for (size_t at = 0; at < 4; ++at) {
        double live = 0;
        for (size_t born = 0; born <= at; ++born) live += survivors.live(born, at);
        EXPECT_EQ(live, history.live(at));
    }
}

TEST(Survivors, WithoutAgesAreALowerBoundOfWhatIsOld) {
    SiteHistory history = example();
    history.aged.clear();
    history.ages_incomplete = true;
    const Survivors bound(history, kTiming);
    const Survivors exact(example(), kTiming);
    for (double age = 1; age < 4; ++age)
        EXPECT_LE(bound.mature(0, age).back(), exact.mature(0, age).back());
    double live = 0;
    for (size_t born = 0; born < 4; ++born) live += bound.live_at_end(born);
    EXPECT_EQ(live, 19);
}

TEST(Survivors, QuantileOfLifetimes) {
    const Survivors survivors(example(), kTiming);
    EXPECT_EQ(survivors.lifetime_quantile(0.5), 0);   // 12 of 21 at age 0
    EXPECT_EQ(survivors.lifetime_quantile(0.05), 1);  // one lived longer
    EXPECT_EQ(survivors.lifetime_quantile(0.0), 2);
}

TEST(Survivors, MatureCountsBeginBehindWarmUpAndAge) {
    const Survivors survivors(example(), kTiming);
    EXPECT_EQ(survivors.mature(0, 1), (std::vector<double>{3, 5, 12}));
    EXPECT_EQ(survivors.mature(1, 2), (std::vector<double>{3}));
}

TEST(Survivors, AgesAreOfTimeNotOfSnapshots) {
    const Timing late = {{0.5, 1, 3.5, 4}, {0.5, 1, 3.5, 4}};
    const Survivors survivors(example(), late);
    EXPECT_EQ(survivors.length(2), 2.5);
    EXPECT_EQ(survivors.age(1, 2), 2.5);
    EXPECT_EQ(survivors.born_before(1, 3), 2u) << "the third ended half an interval ago";
    EXPECT_EQ(survivors.intervals_within(1), 2u);
    EXPECT_EQ(survivors.mature(0, 2.5), (std::vector<double>{5, 5}));
}

TEST(Survivors, OfNothing) {
    EXPECT_EQ(Survivors(SiteHistory{}, Timing{}).points(), 0u);
}

}  // namespace
}  // namespace heapdrift::model
