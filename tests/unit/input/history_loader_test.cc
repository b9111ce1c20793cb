#include "analyzer/input/history_loader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>

#include "tests/unit/support/session_builder.h"

namespace heapdrift::input {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;

// Five scheduled snapshots, the last after exit began, and one that was asked for.
class HistoryLoader : public ::testing::Test {
protected:
    HistoryLoader() {
        builder_.add_module("/usr/bin/server", "aa", 0x400000, 0x800000);
        grows_ = builder_.add_stack({0x400100});
        rests_ = builder_.add_stack({0x400200});
        builder_.allocate(0, rests_, 10, 2);
        for (uint64_t i = 1; i <= 4; ++i) {
            builder_.allocate(0, grows_, 100, 5);
            builder_.deallocate(1, grows_, 100, 1);
            builder_.snapshot(SnapshotKind::scheduled, i * kSecond);
            if (i == 2) builder_.snapshot(SnapshotKind::requested, i * kSecond + 1, "asked");
        }
        Control& control = builder_.header().control;
        control.exit_began_ns = 4 * kSecond + 5;
        control.exit_began_epoch = 6;
        builder_.deallocate(0, grows_, 100, 16);
        builder_.snapshot(SnapshotKind::scheduled, 5 * kSecond);
        control.ended_by = EndedBy::exit;
        control.ended_ns = 6 * kSecond;
    }
    ~HistoryLoader() override { std::remove(path_.c_str()); }

    LoadedHistory load(uint64_t least_live = 0) {
        builder_.write(path_);
        return load_history(parse_session_address(path_), {.least_live = least_live});
    }

    testing::SessionBuilder builder_;
    uint32_t grows_ = 0;
    uint32_t rests_ = 0;
    const std::string path_ =
        ::testing::TempDir() + "history_" + std::to_string(getpid()) + ".heapdrift";
};

TEST_F(HistoryLoader, EndsAtTheLastScheduledSnapshotBeforeExit) {
    const LoadedHistory loaded = load();
    ASSERT_EQ(loaded.history.points.size(), 4u);
    EXPECT_EQ(loaded.history.points[2].snapshot, 5u) << "@4 was asked for";
    EXPECT_DOUBLE_EQ(loaded.history.points[3].seconds, 4);
    ASSERT_TRUE(loaded.session.profile.at);
    EXPECT_EQ(loaded.session.profile.at->number, 6u);
}

// A server that is told to stop destroys what it holds, and then calls exit.
TEST_F(HistoryLoader, EndsBeforeTheProgramTookItselfApart) {
    builder_.allocate(0, grows_, 100, 1000);
    Control& control = builder_.header().control;
    builder_.snapshot(SnapshotKind::scheduled, 6 * kSecond);
    builder_.deallocate(0, grows_, 100, 900);
    builder_.snapshot(SnapshotKind::scheduled, 6 * kSecond + kSecond / 100);
    control.exit_began_ns = 6 * kSecond + kSecond / 50;
    control.exit_began_epoch = 9;
    const LoadedHistory loaded = load();
    EXPECT_DOUBLE_EQ(loaded.history.points.back().seconds, 6);
    EXPECT_EQ(loaded.session.profile.at->number, 8u);
    control.exit_began_ns = 7 * kSecond;
    EXPECT_GT(load().history.points.back().seconds, 6) << "it may have taken long";
    control.exit_began_ns = 0;
    EXPECT_GT(load().history.points.back().seconds, 6) << "killed: it may have gone on";
}

TEST_F(HistoryLoader, HoldsTheCountersOfEachPointSummedOverTables) {
    const LoadedHistory loaded = load(3);
    ASSERT_EQ(loaded.history.sites.size(), 1u) << "the other has two live blocks";
    const model::SiteHistory& site = loaded.history.sites[0];
    EXPECT_EQ(site.site, grows_);
    EXPECT_EQ(site.allocations, (std::vector<double>{5, 10, 15, 20}));
    EXPECT_EQ(site.deallocations, (std::vector<double>{1, 2, 3, 4}));
    EXPECT_DOUBLE_EQ(site.live_bytes(3), 1600);
    EXPECT_FALSE(site.ages_incomplete);
    EXPECT_DOUBLE_EQ(loaded.history.points[0].operations, 2 + 5 + 1);
}

TEST_F(HistoryLoader, SaysWhereAgesAreIncomplete) {
    const_cast<Site*>(SessionView(builder_.bytes()).site(grows_))->ages_incomplete = 1;
    EXPECT_TRUE(load(3).history.sites[0].ages_incomplete);
}

TEST_F(HistoryLoader, WithoutSnapshotsIsEmptyAtTheEnd) {
    testing::SessionBuilder plain;
    plain.write(path_);
    const LoadedHistory loaded = load_history(parse_session_address(path_), {});
    EXPECT_TRUE(loaded.history.points.empty());
    EXPECT_FALSE(loaded.session.profile.at);
}

}  // namespace
}  // namespace heapdrift::input
