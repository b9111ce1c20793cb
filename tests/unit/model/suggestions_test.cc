#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "analyzer/model/leak_ranking.h"
#include "analyzer/model/suggestions/suggestion.h"
#include "tests/unit/support/profile_builder.h"

namespace heapdrift::model {
namespace {

constexpr double kMiB = 1024 * 1024;
constexpr size_t kPoints = 32;

// A run of 16 seconds with one site, as the last of its snapshots shows it.
class Suggestions : public ::testing::Test {
protected:
    Suggestions() {
        for (uint32_t i = 0; i < kPoints; ++i)
            history_.points.push_back(
                {.snapshot = i + 1, .generation = i + 1, .seconds = 0.5 * (i + 1)});
        builder_.profile.session.last_seconds = history_.points.back().seconds;
    }

    // allocated, freed: blocks of `size` bytes at each point, in all.
    void add_site(double size, const std::function<double(size_t)>& allocated,
                  const std::function<double(size_t)>& freed, Figures figures = {}) {
        SiteHistory site;
        site.site = static_cast<uint32_t>(history_.sites.size() + 1);
        for (size_t i = 0; i < kPoints; ++i) {
            site.allocations.push_back(allocated(i));
            site.deallocations.push_back(freed(i));
            site.allocated_bytes.push_back(size * allocated(i));
            site.deallocated_bytes.push_back(size * freed(i));
            history_.points[i].heap_bytes += site.live_bytes(i);
            history_.points[i].heap_blocks += site.live(i);
        }
        const size_t last = kPoints - 1;
        figures.allocations = static_cast<uint64_t>(site.allocations[last]);
        figures.allocated_bytes = static_cast<uint64_t>(site.allocated_bytes[last]);
        figures.deallocations = static_cast<uint64_t>(site.deallocations[last]);
        figures.deallocated_bytes = static_cast<uint64_t>(site.deallocated_bytes[last]);
        figures.live_allocations = figures.allocations - figures.deallocations;
        figures.live_bytes = figures.allocated_bytes - figures.deallocated_bytes;
        history_.sites.push_back(std::move(site));
        const std::string number = std::to_string(history_.sites.size());
        builder_.add({"work" + number + " work.cc:" + number, "main main.cc:2"}, figures);
    }
    void add_churn(double blocks, double live, uint64_t temporary, uint64_t reallocations = 0) {
        add_site(
            100, [&](size_t i) { return blocks * static_cast<double>(i + 1) / kPoints + live; },
            [&](size_t i) { return blocks * static_cast<double>(i + 1) / kPoints; },
            {.temporary = temporary, .reallocations = reallocations});
    }

    Findings judge() {
        const std::vector<LeakScore> leaks = rank_leaks(history_, kLikelyScore);
        return suggest({.profile = builder_.profile,
                        .history = history_,
                        .leaks = leaks,
                        .limit = limit_,
                        .places = allocating_places(builder_.profile, history_)});
    }
    std::vector<std::string> rules() {
        std::vector<std::string> names;
        for (const Suggestion& suggestion : judge().suggestions) names.push_back(suggestion.rule);
        return names;
    }
    void set_resident(double bytes) {
        for (HistoryPoint& point : history_.points)
            point.rss_anon_bytes = static_cast<uint64_t>(bytes);
    }
    void set_peak(double bytes) {
        builder_.profile.peak.emplace().seconds = 3;
        builder_.profile.peak_live_bytes = static_cast<uint64_t>(bytes);
        builder_.profile.sites[0].figures.peak_live_bytes = static_cast<uint64_t>(bytes);
    }

    using Names = std::vector<std::string>;
    testing::ProfileBuilder builder_;
    History history_;
    std::optional<double> limit_;
};

TEST_F(Suggestions, OrdinaryProgramGetsNone) {
    add_churn(100'000, 500, 50'000);
    set_resident(20 * kMiB);
    set_peak(1 * kMiB);
    EXPECT_EQ(rules(), Names());
}

TEST_F(Suggestions, TemporaryBlocksMatterByTheTimeTheyTake) {
    add_churn(20e6, 0, 19'900'000);  // 0.4 of 16 seconds
    const Findings findings = judge();
    ASSERT_EQ(findings.suggestions.size(), 1u);
    EXPECT_STREQ(findings.suggestions[0].rule, "temporary");
    EXPECT_EQ(findings.suggestions[0].site, 1u);
    EXPECT_NEAR(findings.suggestions[0].gain->value, 0.398, 1e-9);
}

TEST_F(Suggestions, FewerTemporaryBlocksDoNotMatter) {
    add_churn(15e6, 0, 14'900'000);
    EXPECT_EQ(rules(), Names());
}

TEST_F(Suggestions, BlocksThatFollowEachOtherAreShortLived) {
    add_churn(20e6, 100, 0);
    EXPECT_EQ(rules(), Names{"short-lived"});
}

TEST_F(Suggestions, BlocksOfWhichManyLiveAreNotShortLived) {
    add_churn(20e6, 50'000, 0);
    EXPECT_EQ(rules(), Names());
}

TEST_F(Suggestions, ManyStepsOfReallocForEachBlock) {
    add_churn(20e6, 0, 0, 19'000'000);
    EXPECT_EQ(rules(), Names{"realloc-growth"});
}

TEST_F(Suggestions, FewStepsOfReallocForEachBlock) {
    add_churn(20e6, 0, 0, 18'000'000);
    EXPECT_EQ(rules(), Names());
}

TEST_F(Suggestions, TinyBlocksMatterByWhatManagingThemTakes) {
    const auto none = [](size_t) { return 0.0; };
    add_site(
        8, [](size_t i) { return i < 8 ? 0.0 : 44'000.0; }, none);
    EXPECT_EQ(rules(), Names{"tiny-blocks"});
    add_site(
        8, [](size_t i) { return i < 8 ? 0.0 : 43'000.0; }, none);
    add_site(
        56, [](size_t i) { return i < 8 ? 0.0 : 100'000.0; }, none);
    EXPECT_EQ(rules(), Names{"tiny-blocks"});
}

TEST_F(Suggestions, ResidentMemoryBeyondWhatIsLive) {
    add_churn(0, 100'000, 0);  // 9.5 MiB, and 1.5 MiB of headers
    set_resident(70 * kMiB);
    EXPECT_EQ(rules(), Names{"fragmentation"});
    set_resident(48 * kMiB);
    EXPECT_EQ(rules(), Names());
}

TEST_F(Suggestions, AMomentsExcessIsNoFragmentation) {
    add_churn(0, 100'000, 0);
    set_resident(70 * kMiB);
    history_.points[kPoints - 5].rss_anon_bytes = 30 << 20;
    EXPECT_EQ(rules(), Names());
}

TEST_F(Suggestions, MappingsAccountForResidentMemory) {
    add_churn(0, 100'000, 0);
    set_resident(70 * kMiB);
    for (HistoryPoint& point : history_.points) point.mapped_bytes = 40 * kMiB;
    EXPECT_EQ(rules(), Names());
}

TEST_F(Suggestions, PeakOfAMoment) {
    add_churn(0, 100'000, 0);
    set_peak(50 * kMiB);
    EXPECT_EQ(rules(), Names{"peak"});
    set_peak(30 * kMiB);
    EXPECT_EQ(rules(), Names{"footprint"});
}

TEST_F(Suggestions, TableOfTheStart) {
    const auto none = [](size_t) { return 0.0; };
    add_site(
        kMiB, [](size_t) { return 20.0; }, none);
    set_peak(20 * kMiB);
    EXPECT_EQ(rules(), Names{"startup"});
}

TEST_F(Suggestions, TableThatCameLaterIsFootprintAlone) {
    const auto none = [](size_t) { return 0.0; };
    add_site(
        kMiB, [](size_t i) { return i < 16 ? 0.0 : 20.0; }, none);
    set_peak(20 * kMiB);
    EXPECT_EQ(rules(), Names{"footprint"});
}

TEST_F(Suggestions, FullCacheWhoseBlocksAreReplaced) {
    add_site(
        64 * 1024, [](size_t i) { return 320 + 80 * static_cast<double>(i); },
        [](size_t i) { return 80 * static_cast<double>(i); });
    set_peak(20 * kMiB);
    EXPECT_EQ(rules(), Names{"bounded-cache"});
}

TEST_F(Suggestions, LeakAndTheLimitThatItNears) {
    add_site(
        1000, [](size_t i) { return 10 * static_cast<double>(i + 1); }, [](size_t) { return 0.0; });
    limit_ = 1 * kMiB;
    EXPECT_EQ(rules(), (Names{"leak", "limit"}));
    limit_ = 100 * kMiB;
    EXPECT_EQ(rules(), Names{"leak"});
}

TEST_F(Suggestions, SampledRecordingsSayWhatIsNotJudged) {
    builder_.profile.session.mode = Mode::sampled;
    add_churn(20e6, 0, 19'900'000);
    const Findings findings = judge();
    EXPECT_TRUE(findings.suggestions.empty());
    for (const char* rule : {"temporary", "short-lived", "realloc-growth", "tiny-blocks"})
        EXPECT_TRUE(std::ranges::any_of(findings.left_out(), [&](const NotJudged& left_out) {
            return std::string(left_out.rule) == rule;
        }));
}

// What a rule needs of CUDA, and how it stands right below.
class CudaSuggestions : public Suggestions {
protected:
    CudaSuggestions() { builder_.profile.cuda.emplace().devices.emplace_back(); }

    CudaDeviceInfo& device() { return builder_.profile.cuda->devices[0]; }
    void add_site_of(Domain domain, const std::function<double(size_t)>& allocated,
                     const std::function<double(size_t)>& freed) {
        add_site(2 * kMiB, allocated, freed);
        history_.sites.back().domain = builder_.profile.sites.back().domain = domain;
        for (HistoryPoint& point : history_.points) point.heap_bytes = 0;
    }
    void add_handles(CudaEventKind kind, uint64_t count, double since) {
        builder_.profile.cuda->handles.push_back({.kind = kind,
                                                  .site = 1,
                                                  .count = count,
                                                  .bytes = count << 21,
                                                  .since_seconds = since});
    }
    static double none(size_t) { return 0; }
};

TEST_F(CudaSuggestions, SitesOfADeviceAreNoCacheOrTableOfTheHeap) {
    add_site_of(
        Domain::cuda_device, [](size_t) { return 100; }, none);
    add_site_of(
        Domain::cuda_pool, [](size_t i) { return 100.0 + 50.0 * static_cast<double>(i); },
        [](size_t i) { return 50.0 * static_cast<double>(i); });
    EXPECT_EQ(rules(), Names());
}

TEST_F(CudaSuggestions, HandlesThatWaitForTheirMapping) {
    add_site_of(
        Domain::cuda_virtual, [](size_t) { return 2; }, none);
    add_handles(CudaEventKind::unmapped_handles, 2, 12.1);
    EXPECT_EQ(rules(), Names());
    builder_.profile.cuda->handles[0].since_seconds = 11.9;
    EXPECT_EQ(rules(), Names{"unmapped-handles"});
}

TEST_F(CudaSuggestions, HandlesThatOnlyMappingsKeep) {
    // Three more since the middle are needed, and no others of the site.
    add_site_of(
        Domain::cuda_virtual, [](size_t i) { return i < 20 ? 5 : 8; }, none);
    add_handles(CudaEventKind::released_handles, 8, 1);
    EXPECT_EQ(rules(), Names{"released-handles"});
    builder_.profile.cuda->handles[0].count = 7;
    EXPECT_EQ(rules(), Names());
    builder_.profile.cuda->handles[0].count = 8;
    for (double& allocations : history_.sites[0].allocations) allocations = 8;
    EXPECT_EQ(rules(), Names());
}

TEST_F(CudaSuggestions, ImportsThatAreNotClosed) {
    add_site_of(
        Domain::cuda_imported, [](size_t i) { return i < 20 ? 7 : 10; },
        [](size_t i) { return i < 20 ? 0 : 1; });
    EXPECT_EQ(rules(), Names());
    history_.sites[0].allocations.back() = 11;
    EXPECT_EQ(rules(), Names{"open-imports"});
    history_.sites[0].deallocations.back() = 2;
    EXPECT_EQ(rules(), Names());
}

TEST_F(CudaSuggestions, PinnedMemoryOfPowersOfTwo) {
    Figures figures;
    figures.allocations = figures.live_allocations = 2;
    figures.allocated_bytes = figures.live_bytes = (16 << 20) + (1 << 20);
    builder_.add({"at::cuda::CachingHostAllocator::allocate(unsigned long)", "main"}, figures,
                 Domain::cuda_pinned);
    builder_.add({"stage", "main"}, figures, Domain::cuda_pinned);
    const Findings findings = judge();
    ASSERT_EQ(findings.suggestions.size(), 1u);
    EXPECT_STREQ(findings.suggestions[0].rule, "pinned-rounding");
    EXPECT_EQ(findings.suggestions[0].site, 1u);
    // Two blocks cannot sum up to that.
    builder_.profile.sites[0].figures.live_bytes += 512 + 4096;
    EXPECT_EQ(rules(), Names());
}

TEST_F(CudaSuggestions, PoolsAreIdleWhereLessThanHalfIsUsedForLong) {
    device().pool_reserved_bytes = 256 << 20;
    for (HistoryPoint& point : history_.points) point.pool_bytes = 120 * kMiB;
    EXPECT_EQ(rules(), Names{"idle-pool"});
    history_.points[28].pool_bytes = 129 * kMiB;
    EXPECT_EQ(rules(), Names());
    device().tensors = {.reserved_bytes = 256 << 20};
    EXPECT_EQ(rules(), Names{"idle-pool"});
    device().tensors->reserved_bytes = 60 << 20;
    EXPECT_EQ(rules(), Names());
}

TEST_F(CudaSuggestions, SegmentsInPieces) {
    device().tensors = {.grown_allocated_bytes = 136 << 20, .grown_segment_bytes = 200 << 20};
    EXPECT_EQ(rules(), Names{"segments"});
    device().tensors->grown_allocated_bytes = 137 << 20;
    EXPECT_EQ(rules(), Names());
    // Tensors that lie in memory that was not seen allocated.
    device().tensors->grown_allocated_bytes = 300 << 20;
    EXPECT_EQ(rules(), Names());
}

}  // namespace
}  // namespace heapdrift::model
