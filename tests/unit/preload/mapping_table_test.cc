#include "preload/mapping_table.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <utility>
#include <vector>

namespace heapdrift {
namespace {

class MappingTableTest : public testing::Test {
protected:
    std::vector<Unmapped> remove(uint64_t start, uint64_t size) {
        std::vector<Unmapped> pieces;
        Unmapped piece;
        while (table_.remove_one(start, size, piece) == MappingTable::Removal::done)
            pieces.push_back(piece);
        return pieces;
    }

    static uint64_t bytes(const Unmapped& piece) { return piece.end - piece.start; }

    MappingTable table_;
};

TEST_F(MappingTableTest, AWholeMappingGoesInOnePiece) {
    ASSERT_TRUE(table_.add(0x1000, 0x3000, SiteId{5}, 0));
    const auto pieces = remove(0x1000, 0x3000);
    ASSERT_EQ(pieces.size(), 1u);
    EXPECT_EQ(raw(pieces[0].site), 5u);
    EXPECT_EQ(bytes(pieces[0]), 0x3000u);
    EXPECT_TRUE(pieces[0].last);
    EXPECT_TRUE(remove(0x1000, 0x3000).empty());
}

TEST_F(MappingTableTest, CuttingStartMiddleAndEndCountsBytesAndTheLastPieceOnce) {
    ASSERT_TRUE(table_.add(0x10000, 0x10000, SiteId{1}, 0));
    for (const auto& [start, size] :
         {std::pair{0x10000, 0x1000}, {0x1f000, 0x1000}, {0x14000, 0x2000}, {0x18000, 0x1000}}) {
        const auto pieces = remove(start, size);
        ASSERT_EQ(pieces.size(), 1u);
        EXPECT_EQ(bytes(pieces[0]), static_cast<uint64_t>(size));
        EXPECT_FALSE(pieces[0].last);
    }
    const auto rest = remove(0x10000, 0x10000);
    ASSERT_EQ(rest.size(), 3u);
    EXPECT_EQ(bytes(rest[0]) + bytes(rest[1]) + bytes(rest[2]), 0xb000u);
    EXPECT_FALSE(rest[0].last);
    EXPECT_FALSE(rest[1].last);
    EXPECT_TRUE(rest[2].last);
}

TEST_F(MappingTableTest, APieceThatIsPutBackIsThereAgain) {
    ASSERT_TRUE(table_.add(0x10000, 0x4000, SiteId{1}, 0));
    for (const uint64_t start : {0x10000, 0x11000, 0x13000}) {
        const auto piece = remove(start, 0x1000);
        ASSERT_EQ(piece.size(), 1u);
        ASSERT_TRUE(table_.put_back(piece[0]));
    }
    uint64_t total = 0;
    uint32_t last = 0;
    for (const Unmapped& piece : remove(0x10000, 0x4000)) {
        total += bytes(piece);
        last += piece.last;
    }
    EXPECT_EQ(total, 0x4000u);
    EXPECT_EQ(last, 1u);
}

TEST_F(MappingTableTest, OneUnmappingReachesSeveralMappings) {
    for (uint32_t i = 0; i < 1000; ++i)
        ASSERT_TRUE(table_.add(0x100000 + i * 0x2000, 0x1000, SiteId{i + 1}, 0));
    const auto pieces = remove(0x100000, 1000 * 0x2000);
    ASSERT_EQ(pieces.size(), 1000u);
    for (uint32_t i = 0; i < 1000; ++i) {
        EXPECT_EQ(raw(pieces[i].site), i + 1);
        EXPECT_TRUE(pieces[i].last);
    }
}

TEST_F(MappingTableTest, RangesAreInOrderWhereverTheyComeAndGo) {
    std::map<uint64_t, uint32_t> expected;
    std::mt19937 random(1);
    for (uint32_t i = 1; i < 20000; ++i) {
        const uint64_t start = (1 + random() % 500) * 0x1000;
        if (expected.erase(start) == 0) {
            ASSERT_TRUE(table_.add(start, 0x1000, SiteId{i}, 0));
            expected[start] = i;
        } else {
            ASSERT_EQ(remove(start, 0x1000).size(), 1u);
        }
        auto next = expected.begin();
        table_.for_each([&](uint64_t from, uint64_t to, SiteId site) {
            ASSERT_NE(next, expected.end());
            ASSERT_EQ(from, next->first);
            ASSERT_EQ(to, from + 0x1000);
            ASSERT_EQ(raw(site), next->second);
            ++next;
        });
        ASSERT_EQ(next, expected.end());
    }
}

// The kernel gives addresses out downwards. If each range moved all that there are, this would take
// hours, and each call of the program's milliseconds.
TEST_F(MappingTableTest, AMillionRangesComeDownwardsAndGoInEitherOrder) {
    constexpr uint64_t kCount = 1'000'000;
    const auto add_all = [this] {
        for (uint64_t i = kCount; i > 0; --i)
            ASSERT_TRUE(table_.add(i * 0x2000, 0x1000, SiteId{1}, 0));
    };
    add_all();
    for (uint64_t i = kCount; i > 0; --i) ASSERT_EQ(remove(i * 0x2000, 0x1000).size(), 1u);
    add_all();
    for (uint64_t i = 1; i <= kCount; ++i) ASSERT_EQ(remove(i * 0x2000, 0x1000).size(), 1u);
}

}  // namespace
}  // namespace heapdrift
