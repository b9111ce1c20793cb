#include "analyzer/model/balance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "tests/unit/model/even_history.h"

namespace heapdrift::model {
namespace {

constexpr uint32_t kPoints = 48;
constexpr size_t kWarmUp = 6;
constexpr size_t kEnd = 36;

// In each interval so many are allocated, and of those of each of the last `oldest` intervals one
// is freed.
Balance balance_of_site(const std::function<double(uint32_t)>& allocated_in, uint32_t oldest) {
    EvenHistory history;
    for (uint32_t at = 0; at < kPoints; ++at) {
        const uint32_t freed = std::min(at, oldest);
        for (uint32_t age = 1; age <= freed; ++age) history.add_aged(at - age, at, 1);
        history.add_point(allocated_in(at), freed);
    }
    return balance_of(history.survivors(), kWarmUp, kEnd);
}

TEST(Balance, OfAListIsWhole) {
    const Balance balance = balance_of_site([](uint32_t) { return 5; }, 0);
    EXPECT_EQ(balance.share, 1);
    EXPECT_GT(balance.rise, 100);
}

TEST(Balance, OfALeakAmongOthersIsWhole) {
    EXPECT_EQ(balance_of_site([](uint32_t) { return 12; }, 8).share, 1);
}

// What was there at the start is replaced, block by block.
TEST(Balance, IsLittleWhereOthersGoForThoseThatStay) {
    SiteHistory history;
    for (uint32_t at = 0; at < kPoints; ++at) {
        history.allocations.push_back(400 + 4 * at);
        history.deallocations.push_back(4 * at);
        history.allocated_bytes.push_back(64 * history.allocations.back());
        history.deallocated_bytes.push_back(64 * history.deallocations.back());
        if (at > 0) history.aged.push_back({0, at, 4, 256});
    }
    Timing timing;
    for (uint32_t i = 1; i <= kPoints; ++i) timing.time.push_back(i);
    timing.work = timing.time;
    const Balance balance = balance_of(Survivors(history, timing), kWarmUp, kEnd);
    EXPECT_NEAR(balance.rise, 0, 1e-9);
    EXPECT_GT(balance.expected, 50);
    EXPECT_LT(balance.share, 0.05);
}

}  // namespace
}  // namespace heapdrift::model
