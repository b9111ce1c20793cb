#include "preload/torch/segment_table.h"

#include <gtest/gtest.h>

namespace heapdrift::torch {
namespace {

constexpr uint64_t kBase = uint64_t{1} << 40;
constexpr uint64_t kSize = 1 << 20;

class Segments : public ::testing::Test {
protected:
    void give(uint64_t address, uint64_t size, cuda::ObjectKind kind = cuda::ObjectKind::pointer) {
        cuda::Object object;
        object.kind = kind;
        object.key = address;
        object.size = size;
        cuda::Object replaced;
        ASSERT_TRUE(objects_.add(object, replaced));
    }

    cuda::ObjectTable objects_;
    SegmentTable segments_{objects_};
};

TEST_F(Segments, CountWhileTensorsLieInThem) {
    give(kBase, kSize);
    give(kBase + kSize, kSize);
    segments_.add_tensor(kBase, 512, 0);
    segments_.add_tensor(kBase + 512, 512, 0);
    EXPECT_EQ(segments_.used_bytes(0), kSize);
    segments_.remove_tensor(kBase, 512);
    EXPECT_EQ(segments_.used_bytes(0), kSize);
    segments_.remove_tensor(kBase + 512, 512);
    EXPECT_EQ(segments_.used_bytes(0), 0u);
}

TEST_F(Segments, AreKnownOnceTheDriverGaveThem) {
    segments_.add_tensor(kBase, 512, 1);
    EXPECT_EQ(segments_.used_bytes(1), 0u);
    give(kBase, kSize);
    segments_.add_tensor(kBase + 1024, 512, 1);
    EXPECT_EQ(segments_.used_bytes(1), kSize);
    EXPECT_EQ(segments_.used_bytes(0), 0u);
}

// An expandable segment's pieces are mappings, and a tensor may lie in several.
TEST_F(Segments, TensorUsesAllPiecesThatItLiesIn) {
    for (uint64_t i = 0; i < 8; ++i) give(kBase + i * kSize, kSize, cuda::ObjectKind::mapping);
    segments_.add_tensor(kBase + kSize / 2, 3 * kSize, 0);
    EXPECT_EQ(segments_.used_bytes(0), 4 * kSize);
    segments_.add_tensor(kBase + 3 * kSize + kSize / 2, 512, 0);
    segments_.remove_tensor(kBase + kSize / 2, 3 * kSize);
    EXPECT_EQ(segments_.used_bytes(0), kSize);
}

TEST_F(Segments, AddressesThatAreGivenAgainAreAnothersThen) {
    for (uint64_t i = 0; i < 4; ++i) give(kBase + i * kSize, kSize);
    segments_.add_tensor(kBase, 4 * kSize, 0);
    EXPECT_EQ(segments_.used_bytes(0), 4 * kSize);
    // Those in the middle went unseen, and one larger stands there.
    objects_.take(cuda::ObjectKind::pointer, kBase + kSize);
    objects_.take(cuda::ObjectKind::pointer, kBase + 2 * kSize);
    give(kBase + kSize, 2 * kSize);
    segments_.add_tensor(kBase + 2 * kSize, 512, 0);
    EXPECT_EQ(segments_.used_bytes(0), 4 * kSize);
    segments_.remove_tensor(kBase + 2 * kSize, 512);
    EXPECT_EQ(segments_.used_bytes(0), 2 * kSize);
}

TEST_F(Segments, ManyAreHeld) {
    for (uint64_t i = 1000; i > 0; --i) give(kBase + i * kSize, kSize);
    for (uint64_t i = 1; i <= 1000; ++i) segments_.add_tensor(kBase + i * kSize, 512, 0);
    EXPECT_EQ(segments_.used_bytes(0), 1000 * kSize);
    segments_.forget();
    EXPECT_EQ(segments_.used_bytes(0), 0u);
}

TEST_F(Segments, HostMemoryIsNone) {
    cuda::Object pinned;
    pinned.kind = cuda::ObjectKind::pointer;
    pinned.domain = Domain::cuda_pinned;
    pinned.key = kBase;
    pinned.size = kSize;
    cuda::Object replaced;
    ASSERT_TRUE(objects_.add(pinned, replaced));
    segments_.add_tensor(kBase, 512, 0);
    EXPECT_EQ(segments_.used_bytes(0), 0u);
}

}  // namespace
}  // namespace heapdrift::torch
