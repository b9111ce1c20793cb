#include "analyzer/input/session_loader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "analyzer/model/failure.h"
#include "core/session_view.h"
#include "tests/unit/support/session_builder.h"

namespace heapdrift::input {
namespace {

using testing::SessionBuilder;

class SessionLoader : public ::testing::Test {
protected:
    SessionLoader() {
        session_.add_module("/usr/bin/server", "aa11", 0x1000, 0x9000);
        session_.add_module("/usr/lib/libheapdrift_preload.so", "bb22", 0x20000, 0x30000);
        session_.add_module("/usr/lib/plugin.so", "cc33", 0x40000, 0x50000);
        session_.add_module("/usr/lib/plugin.so", "cc33", 0x60000, 0x70000);  // loaded again
        session_.header().control.ended_by = EndedBy::exit;
        session_.header().control.ended_ns = 12'000'000'000;
    }
    LoadedSession load(const std::string& point = "last") {
        const std::string path = ::testing::TempDir() + "load." + std::to_string(getpid());
        session_.write(path);
        return load_session({path, std::nullopt, point});
    }
    SessionBuilder session_;
};

TEST_F(SessionLoader, HidesOurOwnFramesAndKeepsTheOthers) {
    const uint32_t site = session_.add_stack({0x20100, 0x1100, 0x1200});
    session_.allocate(0, site, 100, 3);
    session_.deallocate(1, site, 100, 1, true);
    const model::Profile profile = load().profile;
    ASSERT_EQ(profile.sites.size(), 1u);
    const auto frames = profile.frames_of(profile.sites[0]);
    ASSERT_EQ(frames.size(), 2u);
    EXPECT_EQ(profile.addresses[frames[0]].offset, 0x100u);
    EXPECT_EQ(profile.addresses[frames[0]].lookup_offset(), 0xffu);
    const model::Figures& figures = profile.sites[0].figures;
    EXPECT_EQ(figures.live_allocations, 2u);
    EXPECT_EQ(figures.live_bytes, 200u);
    EXPECT_EQ(figures.temporary, 1u);
    EXPECT_EQ(profile.session.ending, model::Ending::exit);
    EXPECT_DOUBLE_EQ(profile.at_seconds(), 12.0);
}

TEST_F(SessionLoader, AddsSitesTogetherThatLieInOneBuild) {
    session_.allocate(0, session_.add_stack({0x40100, 0x1200}), 10);
    session_.allocate(0, session_.add_stack({0x60100, 0x1200}), 20);
    session_.allocate(0, session_.add_stack({0x60100, 0x1300}), 40);
    const model::Profile profile = load().profile;
    ASSERT_EQ(profile.sites.size(), 2u);
    EXPECT_EQ(profile.sites[0].figures.live_bytes, 30u);
    EXPECT_EQ(profile.sites[0].id, 1u);
}

TEST_F(SessionLoader, ReadsASnapshotAndThePeakOfEachSite) {
    const uint32_t site = session_.add_stack({0x1100});
    const uint32_t later = session_.add_stack({0x1200});
    session_.allocate(0, site, 100, 5);
    session_.header().control.peak_live_bytes = 500;
    session_.snapshot(SnapshotKind::peak, 2'000'000'000);
    session_.deallocate(0, site, 100, 4);
    session_.snapshot(SnapshotKind::requested, 3'000'000'000, "quiet");
    session_.allocate(0, later, 7);
    const model::Profile last = load().profile;
    ASSERT_EQ(last.sites.size(), 2u);
    EXPECT_EQ(last.sites[0].figures.peak_live_bytes, 500u);
    EXPECT_EQ(last.sites[1].figures.peak_live_bytes, 0u);
    EXPECT_EQ(last.peak_live_bytes, 500u);
    const model::Profile quiet = load("quiet").profile;
    ASSERT_EQ(quiet.sites.size(), 1u);
    EXPECT_EQ(quiet.sites[0].figures.live_bytes, 100u);
    EXPECT_EQ(load("peak").profile.sites[0].figures.live_bytes, 500u);
}

TEST_F(SessionLoader, KeepsTheFiguresOfAStackThatLeadsNowhere) {
    const uint32_t orphan = session_.add_node(0, kNoModule, 0x77);
    session_.allocate(0, session_.add_site(orphan, Domain::heap), 100);
    // Parents in a circle.
    const uint32_t ring = session_.add_node(0, kNoModule, 0x88);
    auto* const node = const_cast<Node*>(SessionView(session_.bytes()).node(ring));
    node->parent = ring;
    session_.allocate(0, session_.add_site(ring, Domain::heap), 50);
    const model::Profile profile = load().profile;
    EXPECT_EQ(profile.losses.unfinished_sites, 2u);
    EXPECT_EQ(model::totals(profile).figures.live_bytes, 150u);
    EXPECT_EQ(model::totals(profile).truncated_stacks, 2u);
}

TEST_F(SessionLoader, SaysWhatIsWrongWithTheFile) {
    const std::string path = ::testing::TempDir() + "foreign";
    std::ofstream(path) << "something else altogether";
    try {
        load_session({path, std::nullopt, "last"});
        FAIL();
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.what(), path + ": not a heapdrift session file");
    }
    EXPECT_THROW(load("99"), Failure);
}

TEST_F(SessionLoader, SaysThatTheProgramConfinedItself) {
    session_.allocate(0, session_.add_stack({0x1100}), 100);
    EXPECT_FALSE(load().profile.losses.confined);
    session_.header().control.confined = 1;
    EXPECT_TRUE(load().profile.losses.confined);
}

TEST_F(SessionLoader, TakesEmbeddedSymbolsBackOut) {
    std::vector<std::byte> symbols(200'000);
    for (size_t i = 0; i < symbols.size(); ++i) symbols[i] = static_cast<std::byte>(i * 7);
    session_.embed_symbols(symbols);
    EXPECT_EQ(load().embedded_symbols, symbols);
}

TEST_F(SessionLoader, ScalesSampledCountersAfterTheyWereSummed) {
    Identity& identity = session_.header().identity;
    identity.mode = Mode::sampled;
    identity.sampling_interval_bytes = 4096;
    const uint32_t site = session_.add_stack({0x1100});
    // 3.5 blocks of 1,000 bytes, of which another thread deallocated 1.25.
    Cell& allocating = session_.touch(0, site);
    allocating.allocations = 7 * 128;
    allocating.allocated_bytes = 3500;
    allocating.temporary = 14;
    allocating.reallocations = 14;
    Cell& freeing = session_.touch(1, site);
    freeing.deallocations = 5 * 64;
    freeing.deallocated_bytes = 1250;
    freeing.reallocations = uint64_t{0} - 5;
    session_.allocate(0, session_.add_stack({0x1100}, Domain::mapping), 8192, kSampledCountUnit);
    session_.add_thread(7, "worker", 0, 7 * 128, 3500);
    const model::Profile profile = load().profile;
    const model::Figures& figures = profile.sites.at(0).figures;
    EXPECT_EQ(figures.allocations, 4u);
    EXPECT_EQ(figures.deallocations, 1u);
    EXPECT_EQ(figures.live_allocations, 2u);
    EXPECT_EQ(figures.live_bytes, 2250u);
    EXPECT_EQ(figures.temporary, 0u);
    EXPECT_EQ(figures.reallocations, 0u);
    EXPECT_TRUE(figures.estimated());
    EXPECT_DOUBLE_EQ(figures.allocated_variance, 14 * 4096.0);
    EXPECT_DOUBLE_EQ(figures.live_variance, 9 * 4096.0);
    EXPECT_FALSE(profile.sites.at(1).figures.estimated());
    EXPECT_EQ(profile.sites.at(1).figures.allocations, 1u);
    EXPECT_EQ(profile.threads.at(0).allocations, 4u);
    EXPECT_TRUE(model::totals(profile).figures.estimated());
    EXPECT_FALSE(model::domain_totals(profile, Domain::mapping).figures.estimated());
}

}  // namespace
}  // namespace heapdrift::input
