#include "analyzer/input/integrity.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "analyzer/symbolize/symbol_table.h"
#include "core/session_view.h"
#include "tests/unit/support/session_builder.h"

namespace heapdrift::input {
namespace {

using testing::SessionBuilder;

class CheckIntegrity : public ::testing::Test {
protected:
    CheckIntegrity() {
        session_.add_module("/usr/bin/server", "aa11", 0x1000, 0x9000);
        site_ = session_.add_stack({0x1100, 0x1200});
        other_ = session_.add_stack({0x1300, 0x1200});
        session_.allocate(0, site_, 100, 5);
        session_.snapshot(SnapshotKind::scheduled, 1'000'000'000);
        session_.deallocate(1, site_, 100, 2);
        session_.add_aged(0, aged_key(site_, 0, 1), 1, 100);
        session_.header().control.ended_by = EndedBy::exit;
        session_.header().control.ended_ns = 2'000'000'000;
    }

    const SessionView view() { return SessionView(session_.bytes()); }

    model::Integrity check(uint64_t shorter_by = 0) {
        const std::string path = ::testing::TempDir() + "integrity." + std::to_string(getpid());
        session_.write(path);
        std::filesystem::resize_file(path, session_.bytes().size() - shorter_by);
        const SessionAddress address{path, std::nullopt, "last"};
        const LoadedSession loaded = load_session(address);
        return check_integrity(open_session(address), loaded);
    }

    // The names of what is wrong.
    std::string damages(uint64_t shorter_by = 0) {
        std::string names;
        for (const model::Finding& damage : check(shorter_by).damages)
            names += (names.empty() ? "" : " ") + std::string(damage.name);
        return names;
    }

    SessionBuilder session_;
    uint32_t site_ = 0;
    uint32_t other_ = 0;
};

TEST_F(CheckIntegrity, FindsNothingInAWholeFile) {
    EXPECT_EQ(damages(), "");
    EXPECT_GT(check().records, 100u);
    EXPECT_FALSE(check().names_embedded);
    session_.embed_symbols(symbolize::SymbolTable().encode());
    EXPECT_EQ(damages(), "");
    EXPECT_TRUE(check().names_embedded);
}

TEST_F(CheckIntegrity, AcceptsWhatAKilledProcessLeavesBehind) {
    session_.header().control.ended_by = EndedBy::running;
    session_.header().control.site_count.fetch_add(1);  // given out, never finished
    SnapshotDescriptor& opening = session_.header().snapshots[7];
    opening.number = epoch_of(session_.header().control.moment.load()) + 1;
    opening.state = SnapshotState::held;
    EXPECT_EQ(damages(), "");
}

TEST_F(CheckIntegrity, FindsACutEnd) {
    session_.embed_symbols(symbolize::SymbolTable().encode());
    EXPECT_EQ(damages(kSegmentSize), "cut_short");
}

TEST_F(CheckIntegrity, FindsLostSegments) {
    auto* const segment =
        reinterpret_cast<SegmentHeader*>(session_.writable_bytes().data() + kSegmentSize);
    segment->kind = static_cast<SegmentKind>(77);
    EXPECT_NE(damages().find("segments"), std::string::npos);
}

TEST_F(CheckIntegrity, FindsStacksThatLeadNowhere) {
    const uint32_t node = view().site(site_)->node.load();
    const_cast<Node*>(view().node(node))->parent = 4'000'000;
    EXPECT_EQ(damages(), "frames stacks");
}

TEST_F(CheckIntegrity, FindsSitesWithoutAStack) {
    const_cast<Site*>(view().site(other_))->node = 4'000'000;
    EXPECT_EQ(damages(), "sites");
}

TEST_F(CheckIntegrity, FindsFiguresThatCannotBe) {
    session_.deallocate(1, site_, 100, 4);
    EXPECT_EQ(damages(), "figures");
}

TEST_F(CheckIntegrity, FindsCountersWithoutASite) {
    Cell& cell = session_.cell(0, 5'000'000);
    cell.allocations = 1;
    EXPECT_EQ(damages(), "counters");
}

TEST_F(CheckIntegrity, FindsCountersOfALaterTime) {
    session_.cell(0, other_).epoch = 99;
    EXPECT_EQ(damages(), "counters");
}

TEST_F(CheckIntegrity, FindsEarlierFiguresWithoutATime) {
    const SessionView opened = view();
    for (const PageRef& page : opened.pages())
        if (page.kind == PageKind::small_undo)
            reinterpret_cast<SmallUndoEntry*>(const_cast<std::byte*>(page.data))->site_and_span &=
                SiteAndSpan::kSiteMask;
    EXPECT_EQ(damages(), "undo_entries");
}

TEST_F(CheckIntegrity, FindsBlocksBornAfterTheirEnd) {
    session_.add_aged(0, aged_key(site_, 3, 2), 1, 100);
    EXPECT_EQ(damages(), "ages");
}

TEST_F(CheckIntegrity, FindsSnapshotsWithoutANumber) {
    session_.header().snapshots[9].state = SnapshotState::held;
    EXPECT_EQ(damages(), "snapshots");
}

TEST_F(CheckIntegrity, FindsNamesThatCannotBeRead) {
    session_.embed_symbols(std::vector<std::byte>(100));
    EXPECT_EQ(damages(), "names");
}

}  // namespace
}  // namespace heapdrift::input
