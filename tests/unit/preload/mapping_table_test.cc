#include "preload/mapping_table.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

namespace heapdrift {
namespace {

class MappingTableTest : public testing::Test {
protected:
    std::vector<Unmapped> remove(uint64_t start, uint64_t size) {
        std::vector<Unmapped> pieces;
        Unmapped piece;
        while (table_.remove_one(start, size, piece)) pieces.push_back(piece);
        return pieces;
    }

    MappingTable table_;
};

TEST_F(MappingTableTest, AWholeMappingGoesInOnePiece) {
    ASSERT_TRUE(table_.add(0x1000, 0x3000, SiteId{5}));
    const auto pieces = remove(0x1000, 0x3000);
    ASSERT_EQ(pieces.size(), 1u);
    EXPECT_EQ(raw(pieces[0].site), 5u);
    EXPECT_EQ(pieces[0].bytes, 0x3000u);
    EXPECT_TRUE(pieces[0].last);
    EXPECT_TRUE(remove(0x1000, 0x3000).empty());
}

TEST_F(MappingTableTest, CuttingStartMiddleAndEndCountsBytesAndTheLastPieceOnce) {
    ASSERT_TRUE(table_.add(0x10000, 0x10000, SiteId{1}));
    for (const auto& [start, size] :
         {std::pair{0x10000, 0x1000}, {0x1f000, 0x1000}, {0x14000, 0x2000}, {0x18000, 0x1000}}) {
        const auto pieces = remove(start, size);
        ASSERT_EQ(pieces.size(), 1u);
        EXPECT_EQ(pieces[0].bytes, static_cast<uint64_t>(size));
        EXPECT_FALSE(pieces[0].last);
    }
    const auto rest = remove(0x10000, 0x10000);
    ASSERT_EQ(rest.size(), 3u);
    EXPECT_EQ(rest[0].bytes + rest[1].bytes + rest[2].bytes, 0xb000u);
    EXPECT_FALSE(rest[0].last);
    EXPECT_FALSE(rest[1].last);
    EXPECT_TRUE(rest[2].last);
}

TEST_F(MappingTableTest, OneUnmappingReachesSeveralMappings) {
    for (uint32_t i = 0; i < 1000; ++i)
        ASSERT_TRUE(table_.add(0x100000 + i * 0x2000, 0x1000, SiteId{i + 1}));
    const auto pieces = remove(0x100000, 1000 * 0x2000);
    ASSERT_EQ(pieces.size(), 1000u);
    for (uint32_t i = 0; i < 1000; ++i) {
        EXPECT_EQ(raw(pieces[i].site), i + 1);
        EXPECT_TRUE(pieces[i].last);
    }
}

}  // namespace
}  // namespace heapdrift
