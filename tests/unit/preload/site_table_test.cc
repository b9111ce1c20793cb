#include "preload/site_table.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

#include "tests/unit/preload/temporary_session.h"

namespace heapdrift {
namespace {

// A stack given from the outermost frame inwards.
struct GivenStack {
    std::vector<uint64_t> addresses;
    FrameKind frame_kind = FrameKind::native;

    uint32_t count() const { return static_cast<uint32_t>(addresses.size()); }
    StackEnd end() const { return StackEnd::complete; }
    uint64_t address(uint32_t position) const { return addresses[position]; }
    FrameKind kind(uint32_t) const { return frame_kind; }
};

constexpr auto kToNobody = [](SiteId) {};

class SiteTableTest : public testing::Test {
protected:
    NodeId intern(const std::vector<uint64_t>& addresses, Domain domain = Domain::heap,
                  FrameKind kind = FrameKind::native, Scope scope = kNoScope) {
        const auto path = std::make_unique<StackPath>();
        uint32_t interned = 0;
        const NodeId node = sites_->intern(GivenStack{addresses, kind}, {domain, scope}, *path,
                                           interned, kToNobody);
        EXPECT_EQ(interned, addresses.size());
        return node;
    }

    SiteId site(const std::vector<uint64_t>& addresses, Domain domain = Domain::heap,
                Scope scope = kNoScope) {
        return sites_->site(intern(addresses, domain, FrameKind::native, scope), {domain, scope});
    }

    TemporarySession session_;
    std::unique_ptr<Sampler> sampler_ = std::make_unique<Sampler>();
    std::unique_ptr<BlockTable> blocks_ = std::make_unique<BlockTable>();
    std::unique_ptr<ModuleList> modules_ =
        std::make_unique<ModuleList>(session_.file(), *blocks_, *sampler_);
    std::unique_ptr<SiteTable> sites_ = std::make_unique<SiteTable>(session_.file(), *modules_);
};

TEST_F(SiteTableTest, EqualStacksHaveOneSiteAndOthersAnother) {
    const SiteId first = site({10, 20, 30});
    EXPECT_EQ(first, site({10, 20, 30}));
    EXPECT_NE(first, site({10, 20, 31}));
    EXPECT_NE(first, site({11, 20, 30}));
    EXPECT_NE(first, site({10, 20}));
    EXPECT_NE(first, site({10, 20, 30}, Domain::mapping));
}

TEST_F(SiteTableTest, EachScopeHasSitesOfItsOwn) {
    const SiteId outside = site({10, 20, 30});
    const SiteId marked = site({10, 20, 30}, Domain::heap, 7);
    const SiteId ignored = site({10, 20, 30}, Domain::heap, kIgnoredScope);
    EXPECT_NE(outside, marked);
    EXPECT_NE(outside, ignored);
    EXPECT_NE(marked, ignored);
    EXPECT_EQ(marked, site({10, 20, 30}, Domain::heap, 7));
    EXPECT_EQ(session_.file().site(raw(outside)).scope, kNoScope);
    EXPECT_EQ(session_.file().site(raw(marked)).scope, 7);
    EXPECT_EQ(session_.file().site(raw(ignored)).scope, kIgnoredScope);
}

TEST_F(SiteTableTest, CommonOuterFramesAreStoredOnce) {
    intern({1, 2, 3, 4});
    const uint32_t before = session_.file().control().node_count.load();
    intern({1, 2, 3, 5});
    EXPECT_EQ(session_.file().control().node_count.load(), before + 1);
}

TEST_F(SiteTableTest, AnInterruptedFrameIsNotTheReturnAddressOfTheSameValue) {
    EXPECT_NE(intern({77}), intern({77}, Domain::heap, FrameKind::interrupted));
}

TEST_F(SiteTableTest, GoesOnFromFramesThatAreInterned) {
    const GivenStack outer{{1, 2, 3}};
    const GivenStack inner{{1, 2, 3, 4, 5}};
    StackPath path;
    uint32_t interned = 0;
    const NodeId node = sites_->intern(outer, {Domain::heap}, path, interned, kToNobody);
    EXPECT_EQ(sites_->intern(outer, {Domain::heap}, path, interned, kToNobody), node);
    const NodeId leaf = sites_->intern(inner, {Domain::heap}, path, interned, kToNobody);
    EXPECT_EQ(interned, 5u);
    EXPECT_EQ(path.nodes[2], node);
    EXPECT_EQ(intern(inner.addresses), leaf);
}

TEST_F(SiteTableTest, TellsAheadWhichSiteAKnownStackWillHave) {
    const GivenStack stack{{1, 2, 3}};
    const SiteId known = site(stack.addresses);
    StackPath path;
    uint32_t interned = 0;
    std::vector<SiteId> ahead;
    sites_->intern(stack, {Domain::heap}, path, interned,
                   [&](SiteId site) { ahead.push_back(site); });
    EXPECT_EQ(ahead, std::vector<SiteId>{known});
}

TEST_F(SiteTableTest, FindsTheModuleOfAnAddress) {
    const auto here = reinterpret_cast<uint64_t>(&getpid);
    const NodeId node = intern({here + 1});
    const Node& fields = session_.file().node(raw(node));
    ASSERT_NE(fields.module, kNoModule);
    const Module& module = session_.file().module(fields.module);
    EXPECT_NE(std::string(module.path, module.path_size.load()).find("libc.so.6"),
              std::string::npos);
    EXPECT_GE(here, module.start);
    EXPECT_LT(here, module.end);
}

TEST_F(SiteTableTest, ManyStacksFromManyThreadsAreFoundAgainWithFewTwins) {
    constexpr uint64_t kStacks = 50000;
    const auto stack = [](uint64_t i) {
        return std::vector<uint64_t>{i % 7 + 1, i % 101 + 1000, i + 100000};
    };
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread)
        threads.emplace_back([&, thread] {
            for (uint64_t i = 0; i < kStacks; ++i) {
                const NodeId leaf = intern(stack((i * 7919 + thread * 13) % kStacks));
                ASSERT_NE(raw(leaf), 0u);
                ASSERT_NE(raw(sites_->site(leaf, {Domain::heap})), 0u);
            }
        });
    for (std::thread& thread : threads) thread.join();
    const uint32_t nodes = session_.file().control().node_count.load();
    // 1 root, 7 outer frames, 707 middle ones and the leaves, and those that two threads came upon
    // at once.
    EXPECT_GE(nodes, 1 + 7 + 707 + kStacks);
    EXPECT_LE(nodes, (1 + 7 + 707 + kStacks) * 11 / 10);
    for (uint64_t i = 0; i < kStacks; ++i) {
        const NodeId leaf = intern(stack(i));
        const Node& node = session_.file().node(raw(leaf));
        ASSERT_EQ(node.address, i + 100000);
        ASSERT_EQ(session_.file().node(node.parent).address, i % 101 + 1000);
    }
    EXPECT_EQ(session_.file().control().node_count.load(), nodes);
}

TEST_F(SiteTableTest, TheIndexThatALargerOneReplacedIsGivenBack) {
    constexpr uint64_t kStacks = 60'000;
    for (uint64_t i = 1; i <= kStacks; ++i) intern({i});
    const uint32_t nodes = session_.file().control().node_count.load();
    EXPECT_EQ(nodes, kStacks + 1);
    // 2^17 slots of 8 bytes, three quarters of which may be in use, and a page of each before.
    constexpr uint64_t kBytes = (uint64_t{8} << 17) + 16 * kPageSize;
    EXPECT_LE(session_.file().control().own_bytes.load(), kBytes);
    for (uint64_t i = 1; i <= kStacks; ++i) intern({i});
    EXPECT_EQ(session_.file().control().node_count.load(), nodes);
}

}  // namespace
}  // namespace heapdrift
