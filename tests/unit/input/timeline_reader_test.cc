#include "analyzer/input/timeline_reader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/unit/support/session_builder.h"

namespace heapdrift::input {
namespace {

using testing::SessionBuilder;

class TimelineReader : public ::testing::Test {
protected:
    TimelineReader() {
        session_.add_module("/usr/bin/server", "aa11", 0x1000, 0x9000);
        session_.add_module("/usr/lib/plugin.so", "cc33", 0x40000, 0x50000);
        session_.add_module("/usr/lib/plugin.so", "cc33", 0x60000, 0x70000);  // loaded again
    }
    LoadedSession load(const std::string& point = "last") {
        session_.write(path_);
        return load_session({path_, std::nullopt, point});
    }
    model::Timeline timeline(const LoadedSession& loaded) {
        return read_timeline(open_session({path_, std::nullopt, "last"}), loaded.merged_sites,
                             loaded.profile);
    }

    const std::string path_ = ::testing::TempDir() + "timeline." + std::to_string(getpid());
    SessionBuilder session_;
};

TEST_F(TimelineReader, HoldsWhatIsLiveAtEachSnapshotAndAtTheEnd) {
    const uint32_t site = session_.add_stack({0x1100});
    // More than are read at once.
    for (uint64_t i = 1; i <= 11; ++i) {
        session_.allocate(0, site, 100, 2);
        session_.deallocate(1, site, 100, 1);
        session_.snapshot(SnapshotKind::scheduled, i * 1'000'000'000);
    }
    session_.allocate(0, site, 50, 1);
    const model::Timeline points = timeline(load());
    ASSERT_EQ(points.size(), 12u);
    for (size_t i = 0; i < 11; ++i) {
        EXPECT_DOUBLE_EQ(points[i].seconds, static_cast<double>(i + 1));
        ASSERT_EQ(points[i].live.size(), 1u);
        EXPECT_EQ(points[i].live[0].bytes, 100 * (i + 1));
        EXPECT_EQ(points[i].live[0].allocations, i + 1);
    }
    EXPECT_EQ(points.back().bytes(), 1150u);
    EXPECT_EQ(model::greatest(points), 11u);
}

TEST_F(TimelineReader, AddsSitesThatAreOneInTheProfile) {
    session_.allocate(0, session_.add_stack({0x40100, 0x1200}), 10);
    session_.snapshot(SnapshotKind::scheduled, 1'000'000'000);
    session_.allocate(0, session_.add_stack({0x60100, 0x1200}), 20);
    session_.snapshot(SnapshotKind::scheduled, 2'000'000'000);
    const model::Timeline points = timeline(load());
    ASSERT_EQ(points.size(), 3u);
    for (const model::TimelinePoint& point : points) ASSERT_EQ(point.live.size(), 1u);
    EXPECT_EQ(points[0].bytes(), 10u);
    EXPECT_EQ(points[1].bytes(), 30u);
    EXPECT_EQ(points[1].live[0].allocations, 2u);
}

TEST_F(TimelineReader, LeavesOutSitesThatAFilterRemoved) {
    session_.allocate(0, session_.add_stack({0x1100}), 10);
    session_.allocate(0, session_.add_stack({0x1200}), 20);
    session_.snapshot(SnapshotKind::scheduled, 1'000'000'000);
    LoadedSession loaded = load();
    loaded.profile.sites.erase(loaded.profile.sites.begin());
    const model::Timeline points = timeline(loaded);
    ASSERT_EQ(points.size(), 2u);
    ASSERT_EQ(points[0].live.size(), 1u);
    EXPECT_EQ(points[0].live[0].site, 0u);
    EXPECT_EQ(points[0].live[0].bytes, 20u);
}

TEST_F(TimelineReader, EndsAtTheProfilesPoint) {
    const uint32_t site = session_.add_stack({0x1100});
    for (uint64_t i = 1; i <= 3; ++i) {
        session_.allocate(0, site, 10);
        session_.snapshot(SnapshotKind::requested, i * 1'000'000'000, i == 2 ? "middle" : "");
    }
    const model::Timeline points = timeline(load("middle"));
    ASSERT_EQ(points.size(), 2u);
    EXPECT_EQ(points[1].bytes(), 20u);
    EXPECT_DOUBLE_EQ(points[1].seconds, 2.0);
}

}  // namespace
}  // namespace heapdrift::input
