#include "analyzer/input/counters_at.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/unit/support/session_builder.h"

namespace heapdrift::input {
namespace {

using testing::SessionBuilder;

constexpr uint32_t kTables = 4;
constexpr uint32_t kSites = 150;

struct Values {
    uint64_t allocations = 0;
    uint64_t allocated_bytes = 0;
    uint64_t deallocations = 0;
    uint64_t deallocated_bytes = 0;
    uint64_t temporary = 0;
    bool operator==(const Values&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Values& values) {
    return out << values.allocations << '/' << values.allocated_bytes << " - "
               << values.deallocations << '/' << values.deallocated_bytes << " ~ "
               << values.temporary;
}

Values values_of(const Counters& counters) {
    return {counters.allocations, counters.allocated_bytes, counters.deallocations,
            counters.deallocated_bytes, counters.temporary};
}

// The recorder beside a brute-force copy: after each snapshot all totals are written down.
class History {
public:
    explicit History(uint32_t seed) : random_(seed), now_(kSites + 1) {
        for (uint32_t i = 0; i < kSites; ++i) session_.add_stack({0x1000 + i});
    }

    void run(int steps, int snapshot_every) {
        for (int step = 0; step < steps; ++step) {
            operate();
            if (below(static_cast<uint32_t>(snapshot_every)) == 0) take_snapshot(step);
        }
    }

    void check() const {
        std::vector<uint32_t> points = {kCurrent};
        for (const SnapshotDescriptor& snapshot : session().header().snapshots)
            if (snapshot.state.load() == SnapshotState::held) points.push_back(snapshot.number);
        const SessionView view(session_.bytes());
        const auto totals = counters_at(view, points);
        for (size_t point = 0; point < points.size(); ++point) {
            const std::vector<Values>& expected =
                points[point] == kCurrent ? now_ : at_snapshot_.at(points[point]);
            for (uint32_t site = 1; site <= kSites; ++site)
                ASSERT_EQ(values_of(totals[point][site]), expected[site])
                    << "site " << site << " at @" << points[point];
        }
    }

    SessionBuilder& session() const { return const_cast<SessionBuilder&>(session_); }

private:
    uint32_t below(uint32_t limit) {
        return std::uniform_int_distribution<uint32_t>(0, limit - 1)(random_);
    }

    void operate() {
        const uint32_t table = below(kTables);
        // A few sites are busy, most are touched rarely or never again.
        const uint32_t site = 1 + (below(3) == 0 ? below(kSites) : below(10));
        // Of some sites the values are too large for the smaller undo entries.
        const uint64_t bytes = uint64_t{1 + below(1000)} << (site % 5 == 0 ? 34 : 0);
        Values& values = now_[site];
        if (below(3) != 0) {
            session_.allocate(table, site, bytes);
            ++values.allocations;
            values.allocated_bytes += bytes;
        } else {
            const bool temporary = below(2) == 0;
            session_.deallocate(table, site, bytes, 1, temporary);
            ++values.deallocations;
            values.deallocated_bytes += bytes;
            values.temporary += temporary ? 1 : 0;
        }
    }

    void take_snapshot(int step) {
        constexpr SnapshotKind kKinds[] = {SnapshotKind::scheduled, SnapshotKind::scheduled,
                                           SnapshotKind::scheduled, SnapshotKind::scheduled,
                                           SnapshotKind::peak,      SnapshotKind::requested};
        const uint32_t number = session_.snapshot(kKinds[below(6)], static_cast<uint64_t>(step));
        if (number != 0) at_snapshot_[number] = now_;
    }

    std::mt19937 random_;
    SessionBuilder session_;
    std::vector<Values> now_;
    std::map<uint32_t, std::vector<Values>> at_snapshot_;
};

class CountersAtProperty : public ::testing::TestWithParam<uint32_t> {};

TEST_P(CountersAtProperty, EveryHeldSnapshotIsTheCopyMadeThen) {
    History history(GetParam());
    // Few operations between snapshots, so that cells rest over many of them and thinning drops
    // snapshots in the middle of an undo entry's range.
    history.run(4'000, 3 + static_cast<int>(GetParam() % 20));
    history.check();
    EXPECT_GT(history.session().undo_entries(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, CountersAtProperty, ::testing::Range(1u, 25u));

TEST(CountersAt, ReusesUndoEntriesOnceTheirSnapshotsAreThinned) {
    History history(99);
    history.run(20'000, 10);
    history.check();
    EXPECT_GT(history.session().reused_undo_entries(), 100u);
}

TEST(CountersAt, ACellBornAfterTheSnapshotIsZeroThen) {
    SessionBuilder session;
    session.add_stack({0x1000});
    const uint32_t before = session.snapshot(SnapshotKind::scheduled, 1);
    session.allocate(0, 1, 100);
    const SessionView view(session.bytes());
    const uint32_t points[] = {before, kCurrent};
    const auto totals = counters_at(view, points);
    EXPECT_EQ(totals[0][1].allocations, 0u);
    EXPECT_EQ(totals[1][1].allocated_bytes, 100u);
}

TEST(CountersAt, CountsAPageOfCellsOnce) {
    SessionBuilder session;
    session.add_stack({0x1000});
    session.allocate(0, 1, 100);
    // A second page that claims to be the first, as only a damaged file has.
    Cell& other = session.cell(1, 1);
    other.allocations = 7;
    PageSegment* pages = nullptr;
    for (size_t at = kSegmentSize; at < session.bytes().size(); at += kSegmentSize) {
        auto* const segment = reinterpret_cast<PageSegment*>(session.writable_bytes().data() + at);
        if (segment->header.kind.load() == SegmentKind::pages) pages = segment;
    }
    ASSERT_NE(pages, nullptr);
    pages->descriptors[1].table = 0;
    const SessionView view(session.bytes());
    const uint32_t points[] = {kCurrent};
    EXPECT_EQ(counters_at(view, points)[0][1].allocations, 1u);
}

}  // namespace
}  // namespace heapdrift::input
