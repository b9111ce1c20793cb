// Reading while another thread records: what a snapshot holds must not move.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "analyzer/input/counters_at.h"
#include "tests/unit/support/session_builder.h"

namespace heapdrift::input {
namespace {

using testing::SessionBuilder;

TEST(LiveCounters, ASnapshotStaysWhatItWasWhileTheRecorderGoesOn) {
    constexpr uint32_t kSites = 64;
    SessionBuilder session;
    for (uint32_t i = 0; i < kSites; ++i) session.add_stack({0x1000 + i});
    for (uint32_t site = 1; site <= kSites; ++site) session.allocate(0, site, 10, site);
    const uint32_t number = session.snapshot(SnapshotKind::requested, 1, "fixed");
    // The pages must be there before the reader's view is made.
    session.touch(0, 1);

    std::atomic<bool> stop{false};
    std::thread recorder([&] {
        for (uint32_t round = 0; !stop; ++round) session.allocate(0, 1 + round % kSites, 10);
    });
    for (int i = 0; i < 300; ++i) {
        const SessionView view(session.bytes());
        const uint32_t points[] = {number};
        const auto totals = counters_at(view, points);
        for (uint32_t site = 1; site <= kSites; ++site)
            ASSERT_EQ(totals[0][site].allocations, site);
    }
    stop = true;
    recorder.join();
}

}  // namespace
}  // namespace heapdrift::input
