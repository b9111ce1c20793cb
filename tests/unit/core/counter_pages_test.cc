#include "core/counter_pages.h"

#include <gtest/gtest.h>

namespace heapdrift {
namespace {

template <typename Entry>
EarlierValues largest();
template <>
EarlierValues largest<SmallUndoEntry>() {
    constexpr uint64_t kBytes = (uint64_t{1} << 18) - 1;
    return {7'000'000 - 255, 7'000'000, (1u << 24) - 1, {1023, kBytes, 1023, kBytes, 63, 3}};
}
template <>
EarlierValues largest<MediumUndoEntry>() {
    constexpr uint64_t kCount = ~uint32_t{0};
    constexpr uint64_t kBytes = (uint64_t{1} << 40) - 1;
    return {7'000'000 - 255,
            7'000'000,
            (1u << 24) - 1,
            {kCount, kBytes, kCount, kBytes, kCount, 0xffff}};
}

template <typename Entry>
void expect_kept(const EarlierValues& earlier) {
    Entry entry{};
    entry.write(earlier);
    const EarlierValues read = entry.read(earlier.until);
    EXPECT_EQ(read.since, earlier.since);
    EXPECT_EQ(read.until, earlier.until);
    EXPECT_EQ(read.site, earlier.site);
    EXPECT_EQ(read.values.allocations, earlier.values.allocations);
    EXPECT_EQ(read.values.allocated_bytes, earlier.values.allocated_bytes);
    EXPECT_EQ(read.values.deallocations, earlier.values.deallocations);
    EXPECT_EQ(read.values.deallocated_bytes, earlier.values.deallocated_bytes);
    EXPECT_EQ(read.values.temporary, earlier.values.temporary);
    EXPECT_EQ(read.values.reallocations, earlier.values.reallocations);
}

template <typename Entry>
class SmallerUndoEntry : public testing::Test {};
using SmallerUndoEntries = testing::Types<SmallUndoEntry, MediumUndoEntry>;
TYPED_TEST_SUITE(SmallerUndoEntry, SmallerUndoEntries);

TYPED_TEST(SmallerUndoEntry, HoldsWhatFits) {
    const EarlierValues all = largest<TypeParam>();
    EXPECT_TRUE(TypeParam::fits(all));
    expect_kept<TypeParam>(all);
    const EarlierValues distinct = {40, 41, 3, {5, 6000, 4, 5000, 3, 2}};
    EXPECT_TRUE(TypeParam::fits(distinct));
    expect_kept<TypeParam>(distinct);
}

TYPED_TEST(SmallerUndoEntry, LeavesWhatIsLargerInAnyFieldToTheLarger) {
    const auto larger = [](auto change) {
        EarlierValues earlier = largest<TypeParam>();
        change(earlier);
        EXPECT_FALSE(TypeParam::fits(earlier));
        expect_kept<UndoEntry>(earlier);
    };
    larger([](EarlierValues& earlier) { --earlier.since; });
    larger([](EarlierValues& earlier) { ++earlier.site; });
    larger([](EarlierValues& earlier) { ++earlier.values.allocations; });
    larger([](EarlierValues& earlier) { ++earlier.values.allocated_bytes; });
    larger([](EarlierValues& earlier) { ++earlier.values.deallocations; });
    larger([](EarlierValues& earlier) { ++earlier.values.deallocated_bytes; });
    larger([](EarlierValues& earlier) { ++earlier.values.temporary; });
    larger([](EarlierValues& earlier) { ++earlier.values.reallocations; });
}

}  // namespace
}  // namespace heapdrift
