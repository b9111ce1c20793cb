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

class SiteTableTest : public testing::Test {
protected:
    SiteTableTest() {
        modules_->open(session_.file(), *blocks_, *sampler_);
        sites_->open(session_.file(), *modules_);
    }
    SiteId site(const std::vector<uint64_t>& addresses, Domain domain = Domain::heap,
                Scope scope = kNoScope, FrameKind kind = FrameKind::native) {
        const auto path = std::make_unique<StackPath>();
        return intern(GivenStack{addresses, kind}, *path, {domain, scope});
    }
    SiteId intern(const GivenStack& stack, StackPath& path, const Tree& tree = {Domain::heap}) {
        sites_->hash(stack, tree, path);
        const SiteId site = sites_->intern(stack, tree, path);
        EXPECT_EQ(path.interned, stack.count());
        return site;
    }
    PathHash hash_of(const std::vector<uint64_t>& addresses) {
        const auto path = std::make_unique<StackPath>();
        return sites_->hash(GivenStack{addresses}, {Domain::heap}, *path);
    }
    const Node& node_of(SiteId site) {
        return session_.file().node(session_.file().site(raw(site)).node.load());
    }

    TemporarySession session_;
    std::unique_ptr<Sampler> sampler_ = std::make_unique<Sampler>();
    std::unique_ptr<BlockTable> blocks_ = std::make_unique<BlockTable>();
    std::unique_ptr<ModuleList> modules_ = std::make_unique<ModuleList>();
    std::unique_ptr<SiteTable> sites_ = std::make_unique<SiteTable>();
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
    site({1, 2, 3, 4});
    const uint32_t before = session_.file().control().node_count.load();
    site({1, 2, 3, 5});
    EXPECT_EQ(session_.file().control().node_count.load(), before + 1);
}

TEST_F(SiteTableTest, AnInterruptedFrameIsNotTheReturnAddressOfTheSameValue) {
    EXPECT_NE(site({77}), site({77}, Domain::heap, kNoScope, FrameKind::interrupted));
}

TEST_F(SiteTableTest, GoesOnFromFramesThatAreInterned) {
    const GivenStack outer{{1, 2, 3}};
    const GivenStack inner{{1, 2, 3, 4, 5}};
    const auto path = std::make_unique<StackPath>();
    const SiteId first = intern(outer, *path);
    EXPECT_EQ(intern(outer, *path), first);
    const NodeId third = path->nodes[2];
    const uint32_t before = session_.file().control().node_count.load();
    const SiteId second = intern(inner, *path);
    EXPECT_EQ(path->nodes[2], third);
    EXPECT_EQ(session_.file().control().node_count.load(), before + 2);
    EXPECT_EQ(site(inner.addresses), second);
    path->keep(3);
    EXPECT_EQ(intern(outer, *path), first);
}

TEST_F(SiteTableTest, GoesOnFromFramesWhoseNodesWereNotLookedUp) {
    const SiteId known = site({1, 2, 3, 4});
    const auto path = std::make_unique<StackPath>();
    const PathHash hash = sites_->hash(GivenStack{{1, 2, 3, 4}}, {Domain::heap}, *path);
    EXPECT_EQ(sites_->find(hash, [](SiteId) { return true; }), known);
    EXPECT_EQ(path->interned, 0u);
    path->keep(3);
    const uint32_t before = session_.file().control().node_count.load();
    const SiteId added = intern(GivenStack{{1, 2, 3, 5}}, *path);
    EXPECT_NE(added, known);
    EXPECT_EQ(session_.file().control().node_count.load(), before + 1);
    EXPECT_EQ(node_of(added).parent, node_of(known).parent);
}

TEST_F(SiteTableTest, DeepStacksHaveTheirFramesInOrder) {
    constexpr uint64_t kStacks = 50;
    const auto stack = [](uint64_t which) {
        std::vector<uint64_t> addresses(kMaxDepth - which);
        for (uint64_t i = 0; i < addresses.size(); ++i) addresses[i] = (i + 1) * (which + 1);
        return addresses;
    };
    std::vector<SiteId> sites;
    for (uint64_t which = 0; which < kStacks; ++which) sites.push_back(site(stack(which)));
    for (uint64_t which = 0; which < kStacks; ++which) {
        ASSERT_EQ(site(stack(which)), sites[which]);
        const Node* node = &node_of(sites[which]);
        std::vector<uint64_t> addresses;
        for (; node->kind == FrameKind::native; node = &session_.file().node(node->parent))
            addresses.insert(addresses.begin(), node->address);
        ASSERT_EQ(addresses, stack(which));
    }
}

TEST_F(SiteTableTest, AStackThatNobodyVouchesForIsNotFoundByItsHash) {
    const SiteId known = site({1, 2, 3});
    std::vector<SiteId> asked;
    const SiteId found = sites_->find(hash_of({1, 2, 3}), [&](SiteId candidate) {
        asked.push_back(candidate);
        return false;
    });
    EXPECT_EQ(raw(found), 0u);
    EXPECT_EQ(asked, std::vector<SiteId>{known});
}

TEST_F(SiteTableTest, FindsTheModuleOfAnAddress) {
    const auto here = reinterpret_cast<uint64_t>(&getpid);
    const Node& node = node_of(site({here + 1}));
    ASSERT_NE(node.module, kNoModule);
    const Module& module = session_.file().module(node.module);
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
                ASSERT_NE(raw(site(stack((i * 7919 + thread * 13) % kStacks))), 0u);
            }
        });
    for (std::thread& thread : threads) thread.join();
    const uint32_t nodes = session_.file().control().node_count.load();
    // 1 root, 7 outer frames, 707 middle ones and the leaves, and those that two threads came upon
    // at once.
    EXPECT_GE(nodes, 1 + 7 + 707 + kStacks);
    EXPECT_LE(nodes, (1 + 7 + 707 + kStacks) * 11 / 10);
    for (uint64_t i = 0; i < kStacks; ++i) {
        const Node& node = node_of(site(stack(i)));
        ASSERT_EQ(node.address, i + 100000);
        ASSERT_EQ(session_.file().node(node.parent).address, i % 101 + 1000);
    }
    EXPECT_EQ(session_.file().control().node_count.load(), nodes);
}

TEST_F(SiteTableTest, TheIndexThatALargerOneReplacedIsGivenBack) {
    constexpr uint64_t kStacks = 60'000;
    for (uint64_t i = 1; i <= kStacks; ++i) site({i});
    const uint32_t nodes = session_.file().control().node_count.load();
    EXPECT_EQ(nodes, kStacks + 1);
    // 2^17 slots of 8 bytes, 13 of 16 of which may be in use, and a page of each before.
    constexpr uint64_t kBytes = (uint64_t{8} << 17) + 16 * kPageSize;
    EXPECT_LE(session_.file().control().own_bytes.load(), kBytes);
    for (uint64_t i = 1; i <= kStacks; ++i) site({i});
    EXPECT_EQ(session_.file().control().node_count.load(), nodes);
}

}  // namespace
}  // namespace heapdrift
