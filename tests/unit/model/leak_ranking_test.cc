#include "analyzer/model/leak_ranking.h"

#include <gtest/gtest.h>

#include "tests/unit/model/growing_list.h"

namespace heapdrift::model {
namespace {

TEST(LeakRanking, RanksTheSureBeforeTheUnsureAndTheFastBeforeTheSlow) {
    History history = history_of(48);
    history.sites = {list_growing_by(4, 48), list_growing_by(4, 48, 1000), list_growing_by(0, 48)};
    for (uint32_t i = 0; i < 3; ++i) history.sites[i].site = i + 1;
    const std::vector<LeakScore> ranked = rank_leaks(history, kWatchScore);
    ASSERT_EQ(ranked.size(), 2u);
    EXPECT_EQ(ranked[0].site, 2u);
    EXPECT_EQ(ranked[1].site, 1u);
}

TEST(LeakRanking, CrowdOfSitesThatGrowAlikeRaisesTheDoubt) {
    History history = history_of(24);
    for (uint32_t i = 0; i < 200; ++i) {
        history.sites.push_back(list_growing_by(2, 24));
        history.sites.back().site = i + 1;
    }
    const double alone = score_leak(history, history.sites[0]).score;
    const std::vector<LeakScore> crowd = rank_leaks(history, 0);
    EXPECT_GE(alone, kLeakScore);
    EXPECT_EQ(crowd[0].verdict(), Verdict::likely);
    EXPECT_TRUE(has(crowd[0], "crowd"));
    EXPECT_EQ(rank_leaks(history, crowd[0].score - 0.01).size(), 200u);
    EXPECT_TRUE(rank_leaks(history, crowd[0].score + 0.01).empty());
}

TEST(LeakRanking, SmallerCrowdRaisesTheDoubtLess) {
    double before = 1;
    for (const uint32_t sites : {20u, 25u, 30u, 60u, 4000u}) {
        History history = history_of(24);
        for (uint32_t i = 0; i < sites; ++i) {
            history.sites.push_back(list_growing_by(2, 24));
            history.sites.back().site = i + 1;
        }
        const double score = rank_leaks(history, 0)[0].score;
        EXPECT_LT(score, before);
        before = score;
    }
    EXPECT_LT(before, kLikelyScore);
}

TEST(LeakRanking, LostBlocksAreCertainInACrowdToo) {
    History history = history_of(24);
    for (uint32_t i = 0; i < 200; ++i) {
        history.sites.push_back(list_growing_by(2, 24));
        history.sites.back().site = i + 1;
    }
    history.sites[7].signs.reachability.emplace();
    history.sites[7].signs.reachability->confirmed = true;
    history.sites[7].signs.reachability->found.of(Reach::direct).blocks = 1;
    const std::vector<LeakScore> crowd = rank_leaks(history, kLeakScore);
    ASSERT_EQ(crowd.size(), 1u);
    EXPECT_EQ(crowd[0].site, 8u);
}

TEST(LeakRanking, SegmentsThatGrowWithTheirTensorsAreAConsequence) {
    History history = history_of(48);
    history.sites = {list_growing_by(2, 48), list_growing_by(4, 48)};
    SiteHistory& segments = history.sites[0];
    SiteHistory& tensors = history.sites[1];
    segments.site = 1;
    segments.domain = Domain::cuda_device;
    segments.signs.holds_tensors = true;
    tensors.site = 2;
    tensors.domain = Domain::cuda_tensor;
    const std::vector<LeakScore> both = rank_leaks(history, kWatchScore);
    ASSERT_EQ(both.size(), 1u);
    EXPECT_EQ(both[0].site, 2u);
    EXPECT_TRUE(has(both[0], "segments"));
    ASSERT_EQ(rank_leaks(history, 0).size(), 2u);
    EXPECT_TRUE(has(rank_leaks(history, 0)[1], "tensors"));
    segments.allocated_bytes = list_growing_by(2, 48, 1000).allocated_bytes;
    EXPECT_EQ(rank_leaks(history, kWatchScore).size(), 2u) << "more than the tensors explain";
    // Where no tensors grow, what is taken for them is judged like all else.
    segments.allocated_bytes = list_growing_by(2, 48).allocated_bytes;
    tensors.domain = Domain::heap;
    EXPECT_EQ(rank_leaks(history, kWatchScore).size(), 2u);
}

}  // namespace
}  // namespace heapdrift::model
