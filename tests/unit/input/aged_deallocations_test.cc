#include "analyzer/input/aged_deallocations.h"

#include <gtest/gtest.h>

#include "tests/unit/support/session_builder.h"

namespace heapdrift::input {
namespace {

TEST(AgedDeallocations, AreReadFromAllTablesAndPages) {
    testing::SessionBuilder session;
    const uint32_t site = session.add_stack({0x1000});
    for (uint32_t i = 0; i < 200; ++i) session.add_aged(0, aged_key(site, i, i + 3), 2, 100 + i);
    session.add_aged(7, aged_key(site, 5, 900), 1, 10);
    const std::vector<AgedCount> counts = aged_deallocations(SessionView(session.bytes()));
    ASSERT_EQ(counts.size(), 201u);
    uint64_t bytes = 0;
    for (const AgedCount& count : counts) {
        EXPECT_EQ(count.site, site);
        EXPECT_EQ(count.freed, count.born == 5 && count.freed == 900 ? 900 : count.born + 3);
        bytes += count.deallocated_bytes;
    }
    EXPECT_EQ(bytes, 200u * 100 + 199 * 200 / 2 + 10);
}

TEST(AgedDeallocations, ThatMakeNoSenseAreLeftOut) {
    testing::SessionBuilder session;
    const uint32_t site = session.add_stack({0x1000});
    session.add_aged(0, 0, 1, 1);                          // empty, or being reused
    session.add_aged(0, aged_key(site, 4, 4), 1, 1);       // not older than a generation
    session.add_aged(0, aged_key(site, 9, 4), 1, 1);       // freed before it was born
    session.add_aged(0, aged_key(1'000'000, 1, 2), 1, 1);  // no such site
    session.add_aged(0, aged_key(site, 1, 2), 3, 30);
    const std::vector<AgedCount> counts = aged_deallocations(SessionView(session.bytes()));
    ASSERT_EQ(counts.size(), 1u);
    EXPECT_EQ(counts[0].deallocations, 3u);
}

}  // namespace
}  // namespace heapdrift::input
