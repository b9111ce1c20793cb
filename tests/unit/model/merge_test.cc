#include "analyzer/model/merge.h"

#include <gtest/gtest.h>

#include "analyzer/model/failure.h"
#include "analyzer/model/stack_builder.h"

namespace heapdrift::model {
namespace {

// One module, at `start`, and one stack of two frames in it and one in no module.
Profile recording(const std::string& build_id, uint64_t start, uint64_t live) {
    Profile profile;
    profile.session.path = "F";
    profile.session.program = "/bin/server";
    profile.session.command_line = {"server"};
    profile.session.pid = 4711;
    profile.session.started_realtime_ns = start;
    profile.session.last_seconds = 2;
    profile.session.ending = Ending::exit;
    profile.peak_live_bytes = 2 * live;
    Module module;
    module.path = "/bin/server";
    module.build_id = build_id;
    module.start = start;
    module.end = start + 0x3000;
    module.load_bias = start;
    profile.modules = {Module(), module};
    StackBuilder builder(profile);
    Site site;
    site.id = 7;
    site.figures.allocations = 2;
    site.figures.live_allocations = 1;
    site.figures.live_bytes = live;
    site.figures.peak_live_bytes = live;
    const std::vector<uint32_t> frames = {
        builder.intern_address({1, FrameKind::native, 0x100}),
        builder.intern_address({1, FrameKind::native, 0x200}),
        builder.intern_address({kNoModule, FrameKind::native, 0x7f0000000000})};
    builder.add(site, frames);
    profile.locations = {{{"inner", "a.c", 1, false}}, {}, {}};
    profile.losses.dropped[0] = 3;
    return profile;
}

TEST(Merge, AddsStacksOfOneBuildWhereverItLay) {
    const Profile sum = merge({recording("aa", 0x1000, 10), recording("aa", 0x9000, 20)});
    ASSERT_EQ(sum.sites.size(), 1u);
    EXPECT_EQ(sum.sites[0].id, 1u);
    EXPECT_EQ(sum.sites[0].figures.live_bytes, 30u);
    EXPECT_EQ(sum.sites[0].figures.allocations, 4u);
    EXPECT_EQ(sum.sites[0].frame_count, 3u);
    ASSERT_EQ(sum.modules.size(), 1u);
    EXPECT_EQ(sum.modules[0].start - sum.modules[0].load_bias, 0u);
    EXPECT_EQ(sum.losses.dropped[0], 6u);
    EXPECT_EQ(sum.locations.at(sum.frames_of(sum.sites[0])[0]).at(0).function, "inner");
}

TEST(Merge, KeepsBuildsApartThatLayInOnePlace) {
    const Profile sum = merge({recording("aa", 0x1000, 10), recording("bb", 0x1000, 20)});
    EXPECT_EQ(sum.sites.size(), 2u);
    ASSERT_EQ(sum.modules.size(), 2u);
    EXPECT_GE(sum.modules[1].start, sum.modules[0].end);
}

TEST(Merge, HasNoPeakOfAll) {
    const Profile sum = merge({recording("aa", 0x1000, 10), recording("aa", 0x1000, 20)});
    EXPECT_EQ(sum.peak_live_bytes, 40u);
    EXPECT_EQ(sum.sites[0].figures.peak_live_bytes, 0u);
}

TEST(Merge, SaysWhatAllHaveInCommon) {
    Profile other = recording("aa", 0x1000, 20);
    other.session.command_line = {"server", "-v"};
    other.session.exit_status = 3;
    const Profile sum = merge({recording("aa", 0x1000, 10), other});
    EXPECT_EQ(sum.session.merged, 2u);
    EXPECT_EQ(sum.session.pid, 0u);
    EXPECT_EQ(sum.session.program, "/bin/server");
    EXPECT_TRUE(sum.session.command_line.empty());
    EXPECT_EQ(sum.session.ending, Ending::unknown);
    EXPECT_EQ(merge({sum, other}).session.merged, 3u);
}

TEST(Merge, RefusesWhatCannotBeAdded) {
    Profile sampled = recording("aa", 0x1000, 10);
    sampled.session.mode = Mode::sampled;
    sampled.session.sampling_interval_bytes = 4096;
    Profile foreign = recording("aa", 0x1000, 10);
    foreign.session.foreign_recorder = "heaptrack";
    Profile damaged = recording("aa", 0x1000, 10);
    damaged.losses.damaged_records = 1;
    for (const Profile& other : {sampled, foreign, damaged})
        EXPECT_THROW(merge({recording("aa", 0x1000, 10), other}), UsageFailure);
    EXPECT_NO_THROW(merge({sampled, sampled}));
}

}  // namespace
}  // namespace heapdrift::model
