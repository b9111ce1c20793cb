#include "core/snapshot_table.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/unit/support/session_builder.h"

namespace heapdrift {
namespace {

using testing::SessionBuilder;

struct Held {
    uint32_t number;
    uint32_t generation;
    uint64_t time_ns;
    bool operator<(const Held& other) const { return number < other.number; }
};

std::set<Held> scheduled(const Header& header) {
    std::set<Held> held;
    for (const SnapshotDescriptor& snapshot : header.snapshots)
        if (snapshot.state.load() == SnapshotState::held &&
            snapshot.kind == SnapshotKind::scheduled)
            held.insert({snapshot.number, snapshot.generation, snapshot.time_ns});
    return held;
}

TEST(SnapshotTable, HoldsHalfToAllOfTheLimitForEver) {
    SessionBuilder session;
    for (uint64_t second = 1; second <= 900; ++second) {
        session.snapshot(SnapshotKind::scheduled, second);
        const size_t held = scheduled(session.header()).size();
        EXPECT_LE(held, kMaxScheduled);
        if (second >= kMaxScheduled) {
            EXPECT_GE(held, kMaxScheduled / 2);
        }
    }
}

// The generations of a thinned run, halved, are those of a run with twice the interval.
TEST(SnapshotTable, ThinningKeepsTheEvenGenerations) {
    SessionBuilder session;
    for (uint64_t second = 1; second <= kMaxScheduled + 1; ++second)
        session.snapshot(SnapshotKind::scheduled, second);
    const std::set<Held> held = scheduled(session.header());
    ASSERT_EQ(held.size(), kMaxScheduled / 2 + 1);
    uint32_t generation = 0;
    for (const Held& snapshot : held)
        if (snapshot.generation <= kMaxScheduled) {
            EXPECT_EQ(snapshot.generation, generation += 2);
        }
    EXPECT_EQ(session.header().control.snapshot_interval_ns.load(), 2'000'000'000u);
}

TEST(SnapshotTable, NumbersNeverChangeAndOnlyTheLastPeakIsHeld) {
    SessionBuilder session;
    const uint32_t first = session.snapshot(SnapshotKind::peak, 1);
    const uint32_t second = session.snapshot(SnapshotKind::peak, 2);
    EXPECT_EQ(second, first + 1);
    EXPECT_FALSE(session.any_held(0, first));
    EXPECT_TRUE(session.any_held(first, second));
}

TEST(SnapshotTable, RequestsLeaveRoomForTheScheduleAndAreCountedWhenRefused) {
    SessionBuilder session;
    for (size_t i = 0; i < kMaxRequested; ++i)
        EXPECT_NE(session.snapshot(SnapshotKind::requested, i, "kept"), 0u);
    EXPECT_EQ(session.snapshot(SnapshotKind::requested, 1, "one too many"), 0u);
    EXPECT_EQ(session.snapshot(SnapshotKind::program, 1, "another"), 0u);
    EXPECT_EQ(session.header().control.snapshots_refused.load(), 2u);
    for (uint64_t second = 1; second <= 900; ++second) {
        EXPECT_NE(session.snapshot(SnapshotKind::scheduled, second), 0u);
        EXPECT_NE(session.snapshot(SnapshotKind::peak, second), 0u);
    }
    EXPECT_NE(session.snapshot(SnapshotKind::exit, 901), 0u);
}

TEST(SnapshotTable, ALockLeftByADeadHolderIsBroken) {
    SessionBuilder session;
    Control& control = session.header().control;
    control.snapshot_lock = 1'000;
    EXPECT_FALSE(SnapshotLock(control, 1'001).held());
    EXPECT_TRUE(SnapshotLock(control, 1'001 + kSnapshotLockTimeoutNs).held());
    EXPECT_EQ(control.snapshot_lock.load(), 0u);
}

}  // namespace
}  // namespace heapdrift
