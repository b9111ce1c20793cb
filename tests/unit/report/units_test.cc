#include "analyzer/report/units.h"

#include <gtest/gtest.h>

#include <limits>

namespace heapdrift::report {
namespace {

// The examples are what Python's tracemalloc prints for the same numbers.
TEST(Units, BytesStepAsTracemallocStepsThem) {
    EXPECT_EQ(format_bytes(0), "0 B");
    EXPECT_EQ(format_bytes(9999), "9999 B");
    EXPECT_EQ(format_bytes(10 * 1024), "10.0 KiB");
    EXPECT_EQ(format_bytes(1000 * 1024), "1000 KiB");
    EXPECT_EQ(format_bytes(10 * 1024 * 1024), "10.0 MiB");
    EXPECT_EQ(format_bytes_delta(0), "+0 B");
    EXPECT_EQ(format_bytes_delta(-51200), "-50.0 KiB");
    EXPECT_EQ(format_bytes_delta(std::numeric_limits<int64_t>::min()), "-8192 PiB");
}

TEST(Units, CountsTimesAndShares) {
    EXPECT_EQ(format_count(999), "999");
    EXPECT_EQ(format_count(2905522), "2,905,522");
    EXPECT_EQ(format_count_delta(-1000), "-1,000");
    EXPECT_EQ(format_seconds(0.0125), "12.5 ms");
    EXPECT_EQ(format_seconds(6.21), "6.2 s");
    EXPECT_EQ(format_seconds(725), "12 min 05 s");
    EXPECT_EQ(format_seconds(7260), "2 h 01 min");
    EXPECT_EQ(format_percent(1, 3), "33.3 %");
    EXPECT_EQ(format_percent(0, 0), "-");
    EXPECT_EQ(format_time(1'700'000'000'000'000'000), "2023-11-14 22:13:20 UTC");
}

}  // namespace
}  // namespace heapdrift::report
