#include "analyzer/model/leak_score.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/unit/model/growing_list.h"

namespace heapdrift::model {
namespace {

TEST(LeakScore, SteadyListIsALeakWithItsRate) {
    const LeakScore score = score_leak(history_of(48), list_growing_by(4, 48));
    EXPECT_EQ(score.verdict(), Verdict::leak);
    EXPECT_EQ(score.kind, LeakKind::growth);
    EXPECT_NEAR(score.bytes_per_second.estimate, 800, 1e-6);
    EXPECT_NEAR(score.bytes_per_snapshot.estimate, 400, 1e-6);
    EXPECT_EQ(score.live_bytes, 48 * 400);
    for (const char* name : {"age", "spread", "trend", "going_on"}) EXPECT_TRUE(has(score, name));
    EXPECT_FALSE(score.reading.empty());
}

TEST(LeakScore, FewSnapshotsAreSaidAndLimitTheScore) {
    const LeakScore score = score_leak(history_of(12), list_growing_by(4, 12));
    EXPECT_DOUBLE_EQ(score.score, 0.6);
    EXPECT_EQ(score.verdict(), Verdict::likely);
    EXPECT_TRUE(has(score, "snapshots"));
}

TEST(LeakScore, ShortRunIsSaidAndLimitsTheScore) {
    const LeakScore brief = score_leak(history_of(48, 0.015), list_growing_by(4, 48));
    EXPECT_EQ(brief.verdict(), Verdict::likely);
    EXPECT_TRUE(has(brief, "time"));
    EXPECT_FALSE(has(score_leak(history_of(48, 0.02), list_growing_by(4, 48)), "time"));
}

// The last phase of a batch program is as short as a program of its own.
TEST(LeakScore, GrowthAtTheEndAloneIsAsShortAsItLasted) {
    SiteHistory site = list_growing_by(0, 60);
    for (size_t i = 40; i < 60; ++i) {
        site.allocations[i] = 4.0 * static_cast<double>(i - 39);
        site.allocated_bytes[i] = 100 * site.allocations[i];
    }
    const LeakScore brief = score_leak(history_of(60, 0.03), site);
    EXPECT_EQ(brief.verdict(), Verdict::likely);
    EXPECT_TRUE(has(brief, "time"));
    const LeakScore longer = score_leak(history_of(60, 0.3), site);
    EXPECT_EQ(longer.verdict(), Verdict::leak);
    EXPECT_NEAR(longer.bytes_per_second.estimate, 400 / 0.3, 1) << "since it began";
    EXPECT_GT(longer.bytes_per_second.low, 0);
}

// What is kept of a few steps does not grow from most snapshots to later ones.
TEST(LeakScore, GrowthAtNoRateIsNoMoreThanLikely) {
    SiteHistory site = list_growing_by(0, 60);
    for (size_t i = 0; i < 60; ++i) {
        site.allocations[i] = i < 15 ? 10 : i < 18 ? 10 + 8.0 * static_cast<double>(i - 14) : 42;
        site.allocated_bytes[i] = 100 * site.allocations[i];
    }
    site.allocations[55] = site.allocations[56] = site.allocations[57] = 50;
    site.allocations[58] = site.allocations[59] = 60;
    for (size_t i = 55; i < 60; ++i) site.allocated_bytes[i] = 100 * site.allocations[i];
    const LeakScore score = score_leak(history_of(60), site);
    EXPECT_EQ(score.bytes_per_second.estimate, 0);
    EXPECT_LE(score.score, 0.65);
}

TEST(LeakScore, FewSurvivorsAreSaidAndLimitTheScore) {
    SiteHistory site = list_growing_by(0, 48);
    for (size_t i = 0; i < 48; ++i) site.allocations[i] = std::floor(static_cast<double>(i) / 9);
    const LeakScore score = score_leak(history_of(48), site);
    EXPECT_LT(score.score, kLikelyScore);
    EXPECT_TRUE(score.score < kWatchScore || has(score, "survivors"));
}

TEST(LeakScore, WithoutAnySnapshotThereIsNoScore) {
    const LeakScore score = score_leak(History{}, SiteHistory{});
    EXPECT_EQ(score.score, 0);
    EXPECT_EQ(score.verdict(), Verdict::none);
}

ReachSign sign(Reach kind, uint64_t blocks, bool confirmed) {
    ReachSign sign{.found = {}, .confirmed = confirmed};
    sign.found.of(kind) = {blocks, 100 * blocks};
    return sign;
}

TEST(LeakScore, LostBlocksNeedNoGrowth) {
    SiteHistory site = list_growing_by(0, 3);
    site.signs.reachability = sign(Reach::direct, 1, true);
    const LeakScore score = score_leak(history_of(3), site);
    EXPECT_EQ(score.kind, LeakKind::lost);
    EXPECT_EQ(score.verdict(), Verdict::leak);
    EXPECT_TRUE(has(score, "reachability"));
}

TEST(LeakScore, LossNeedsNoTime) {
    SiteHistory site = list_growing_by(0, 3);
    site.signs.reachability = sign(Reach::direct, 1, true);
    EXPECT_EQ(score_leak(history_of(3, 0.01), site).verdict(), Verdict::leak);
}

TEST(LeakScore, UnconfirmedLossSaysLess) {
    SiteHistory site = list_growing_by(0, 3);
    site.signs.reachability = sign(Reach::direct, 1, false);
    EXPECT_LT(score_leak(history_of(3), site).score, kLikelyScore);
    site.signs.reachability = sign(Reach::direct, 9, false);
    EXPECT_GE(score_leak(history_of(3), site).score, kLeakScore);
    site.signs.reachability = sign(Reach::possible, 9, true);
    EXPECT_EQ(score_leak(history_of(3), site).verdict(), Verdict::watch);
    site.signs.reachability = sign(Reach::reachable, 9, true);
    EXPECT_EQ(score_leak(history_of(3), site).score, 0);
}

// The device's own memory may have what the host's lacks: the more objects, the less likely.
TEST(LeakScore, DeviceMemoryWithoutAPointerIsALeakInNumbers) {
    SiteHistory site = list_growing_by(0, 3);
    site.domain = Domain::cuda_device;
    const auto score_of = [&](uint64_t objects, bool confirmed) {
        site.signs.reachability = sign(Reach::direct, objects, confirmed);
        return score_leak(history_of(3), site);
    };
    EXPECT_EQ(score_of(1, true).verdict(), Verdict::none);
    EXPECT_EQ(score_of(kManyWithoutPointer - 1, true).verdict(), Verdict::likely);
    EXPECT_EQ(score_of(kManyWithoutPointer, true).verdict(), Verdict::leak);
    EXPECT_LT(score_of(100'000, true).score, 0.95) << "a block of the host is surer";
    EXPECT_EQ(score_of(100'000, false).verdict(), Verdict::likely);
    EXPECT_NE(score_of(9, true).reading.find("in host memory"), std::string::npos);
    site.signs.reachability = sign(Reach::indirect, 1, true);
    EXPECT_EQ(score_leak(history_of(3), site).verdict(), Verdict::likely);
}

TEST(Reachability, OfDevicesOnlyManyAreSurelyLost) {
    Reachability found;
    found.of(Reach::direct) = {kManyWithoutPointer - 1, 700};
    found.of(Reach::indirect) = {1, 50};
    EXPECT_EQ(surely_lost(Domain::heap, found), (BlockCount{kManyWithoutPointer, 750}));
    EXPECT_EQ(surely_lost(Domain::cuda_device, found), (BlockCount{1, 50}));
    found.of(Reach::direct).blocks = kManyWithoutPointer;
    EXPECT_EQ(surely_lost(Domain::cuda_device, found).blocks, kManyWithoutPointer + 1);
}

TEST(LeakScore, LossAndGrowthAddUp) {
    SiteHistory site = list_growing_by(4, 48);
    const double growth_alone = score_leak(history_of(48), site).score;
    site.signs.reachability = sign(Reach::direct, 192, true);
    const LeakScore score = score_leak(history_of(48), site);
    EXPECT_EQ(score.kind, LeakKind::lost_and_growth);
    EXPECT_GT(score.score, std::max(growth_alone, 0.95));
}

TEST(LeakScore, PossibleLossAddsNothingToGrowth) {
    SiteHistory site = list_growing_by(4, 12);
    const double growth_alone = score_leak(history_of(12), site).score;
    site.signs.reachability = sign(Reach::possible, 40, true);
    EXPECT_EQ(score_leak(history_of(12), site).score, growth_alone);
}

TEST(LeakScore, StalenessOnlyModifiesGrowth) {
    SiteHistory site = list_growing_by(4, 48);
    const double unknown = score_leak(history_of(48), site).score;
    site.signs.stale_share = 0;
    const LeakScore touched = score_leak(history_of(48), site);
    EXPECT_NEAR(touched.score, 0.85 * unknown, 1e-9);
    EXPECT_TRUE(has(touched, "staleness"));
    site.signs.stale_share = 1;
    EXPECT_NEAR(score_leak(history_of(48), site).score, unknown, 1e-9);
}

TEST(LeakScore, MissingAgesAreSaid) {
    SiteHistory site = list_growing_by(4, 48);
    site.ages_incomplete = true;
    const LeakScore score = score_leak(history_of(48), site);
    EXPECT_TRUE(has(score, "ages"));
    EXPECT_EQ(score.verdict(), Verdict::leak) << "nothing is freed, so nothing hangs on ages";
}

TEST(LeakScore, FewBlocksThatNeverDieAreLikelyAtMost) {
    SiteHistory site = list_growing_by(0, 48);
    for (size_t i = 0; i < 48; ++i) site.allocations[i] = std::floor(static_cast<double>(i) / 3);
    const LeakScore few = score_leak(history_of(48), site);
    EXPECT_EQ(few.verdict(), Verdict::likely);
    EXPECT_TRUE(has(few, "survivors"));
    // Where others of the site are freed, those that stay are no table.
    for (size_t i = 0; i < 48; ++i) {
        site.allocations[i] += 100 * static_cast<double>(i);
        site.deallocations[i] = 100 * static_cast<double>(i);
    }
    EXPECT_EQ(score_leak(history_of(48), site).verdict(), Verdict::leak);
}

TEST(LeakScore, LifetimesAreThoseOfFreedAndOfLiveBlocks) {
    // Four a snapshot stay; of 10 others nine are freed at once, one two intervals later.
    SiteHistory site = list_growing_by(14, 48);
    for (uint32_t i = 0; i < 48; ++i) {
        site.deallocations[i] = 9.0 * (i + 1) + (i < 2 ? 0 : i - 1);
        if (i >= 2) site.aged.push_back({i - 2, i, 1, 100});
    }
    const Lifetimes lifetimes = score_leak(history_of(48), site).lifetimes;
    EXPECT_NEAR(lifetimes.freed, 9 * 48 + 46, 1e-9);
    EXPECT_NEAR(lifetimes.half, 0, 1e-9);
    EXPECT_NEAR(lifetimes.most, 2, 1e-6);
    EXPECT_NEAR(lifetimes.longest, 2, 1e-6);
    EXPECT_NEAR(lifetimes.born[0], 48, 1e-9);
    EXPECT_NEAR(lifetimes.born[3], 48 + 2, 1e-9);
}

TEST(LeakScore, SilenceWhileTheProgramRestsSaysNothing) {
    // Grows for 24 intervals, then nothing at all is allocated for 12.
    SiteHistory site = list_growing_by(4, 24);
    for (size_t i = 0; i < 12; ++i) {
        site.allocations.push_back(96);
        site.deallocations.push_back(0);
        site.allocated_bytes.push_back(9600);
        site.deallocated_bytes.push_back(0);
    }
    History resting = history_of(36);
    History working = history_of(36);
    for (size_t i = 0; i < 36; ++i) {
        resting.points[i].operations = 100 * static_cast<double>(std::min<size_t>(i + 1, 24));
        working.points[i].operations = 100 * static_cast<double>(i + 1);
    }
    EXPECT_GE(score_leak(resting, site).score, kLeakScore);
    EXPECT_LT(score_leak(working, site).score, kWatchScore);
}

}  // namespace
}  // namespace heapdrift::model
