#include "core/session_view.h"

#include <gtest/gtest.h>

#include <cstring>

#include "tests/unit/support/session_builder.h"

namespace heapdrift {
namespace {

using testing::SessionBuilder;

ViewError error_of(std::span<const std::byte> bytes) {
    return SessionView(bytes).error();
}

TEST(SessionView, ReadsRecordsById) {
    SessionBuilder session;
    const uint32_t module = session.add_module("/usr/bin/server", "abcd", 0x1000, 0x9000);
    const uint32_t site = session.add_stack({0x1100, 0x1200});
    const SessionView view(session.bytes());
    ASSERT_EQ(view.error(), ViewError::none);
    ASSERT_NE(view.site(site), nullptr);
    const Node* leaf = view.node(view.site(site)->node.load());
    ASSERT_NE(leaf, nullptr);
    EXPECT_EQ(leaf->address, 0x1100u);
    EXPECT_EQ(leaf->module, module);
    EXPECT_EQ(view.node(leaf->parent)->address, 0x1200u);
    EXPECT_EQ(view.module(module)->build_id_size, 2u);
    EXPECT_EQ(view.missing_bytes(), 0u);
    EXPECT_EQ(view.damage().count, 0u);
}

TEST(SessionView, FindsRecordsOfLaterSegments) {
    SessionBuilder session;
    for (uint32_t i = 0; i < 3 * kPerSegment<Node>; ++i) session.add_node(1, kNoModule, i);
    const SessionView view(session.bytes());
    EXPECT_EQ(view.node(3 * kPerSegment<Node>)->address, 3 * kPerSegment<Node> - 1);
    EXPECT_EQ(view.node(4 * kPerSegment<Node>), nullptr);
    EXPECT_EQ(view.node(~uint32_t{0}), nullptr);
}

TEST(SessionView, RefusesWhatIsNoSession) {
    alignas(64) std::byte bytes[128] = {};
    EXPECT_EQ(error_of({}), ViewError::empty);
    std::memcpy(bytes,
                "\x7f"
                "ELF",
                4);
    EXPECT_EQ(error_of(bytes), ViewError::not_heapdrift);
    EXPECT_EQ(error_of(std::span(bytes).first(3)), ViewError::not_heapdrift);
}

TEST(SessionView, TellsUnfinishedNewerAndDamagedHeadersApart) {
    SessionBuilder session;
    session.header().identity.magic = {};
    EXPECT_EQ(error_of(session.bytes()), ViewError::unfinished);
    session.header().identity.magic = kMagic;
    session.header().identity.version = kFormatVersion + 1;
    EXPECT_EQ(error_of(session.bytes()), ViewError::newer_version);
    session.header().identity.version = kFormatVersion;
    session.header().identity.segment_size = 4096;
    EXPECT_EQ(error_of(session.bytes()), ViewError::damaged_header);
    session.header().identity.segment_size = kSegmentSize;
    session.header().control.segment_count = 0;
    EXPECT_EQ(error_of(session.bytes()), ViewError::damaged_header);
}

TEST(SessionView, ReadsWhatIsThereOfACutFile) {
    SessionBuilder session;
    session.add_stack({0x1100});
    session.cell(0, 1);
    const std::span<const std::byte> all = session.bytes();
    EXPECT_EQ(error_of(all.first(5)), ViewError::cut_short);
    EXPECT_EQ(error_of(all.first(kSegmentSize - 1)), ViewError::cut_short);
    const SessionView view(all.first(all.size() - kSegmentSize - 100));
    ASSERT_EQ(view.error(), ViewError::none);
    EXPECT_EQ(view.missing_bytes(), kSegmentSize + 100);
    EXPECT_TRUE(view.pages().empty());
    EXPECT_NE(view.node(1), nullptr);
}

TEST(SessionView, LeavesOutSegmentsThatMakeNoSense) {
    SessionBuilder session;
    session.add_stack({0x1100});
    std::byte* const nodes = session.writable_bytes().data() + kSegmentSize;
    auto* const head = reinterpret_cast<SegmentHeader*>(nodes);
    head->ordinal = 1'000'000;
    const SessionView far(session.bytes());
    ASSERT_EQ(far.error(), ViewError::none);
    EXPECT_EQ(far.damage().count, 1u);
    EXPECT_EQ(far.damage().first_offset, kSegmentSize);
    EXPECT_EQ(far.node(1), nullptr);
    head->ordinal = 0;
    head->kind.store(static_cast<SegmentKind>(99));
    EXPECT_EQ(SessionView(session.bytes()).damage().count, 1u);
}

TEST(SessionView, BoundsTextWithoutItsNul) {
    const char field[4] = {'a', 'b', 'c', 'd'};
    EXPECT_EQ(bounded_text(field, sizeof field), "abcd");
    const char ended[4] = {'a', '\0', 'c', 'd'};
    EXPECT_EQ(bounded_text(ended, sizeof ended), "a");
}

}  // namespace
}  // namespace heapdrift
