#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "preload/cuda/array_size.h"
#include "preload/cuda/object_table.h"

namespace heapdrift::cuda {
namespace {

Object object(ObjectKind kind, uint64_t key, uint64_t size) {
    Object made;
    made.kind = kind;
    made.key = key;
    made.size = size;
    return made;
}

TEST(ObjectTable, AgreesWithAMapWhateverIsEnteredAndTaken) {
    ObjectTable table;
    std::map<uint64_t, uint64_t> model;
    std::mt19937 random(4711);
    for (int step = 0; step < 200'000; ++step) {
        // Few keys, near each other, so that clusters form, break up and reach round the end.
        const uint64_t key = (random() % 600 + 1) * 512;
        if (random() % 2 == 0) {
            Object replaced;
            ASSERT_TRUE(table.add(object(ObjectKind::pointer, key, step + 1), replaced));
            const auto before = model.find(key);
            ASSERT_EQ(replaced.exists(), before != model.end());
            if (before != model.end()) {
                ASSERT_EQ(replaced.size, before->second);
            }
            model[key] = static_cast<uint64_t>(step) + 1;
        } else {
            const Object taken = table.take(ObjectKind::pointer, key);
            ASSERT_EQ(taken.exists(), model.contains(key));
            if (taken.exists()) {
                ASSERT_EQ(taken.size, model[key]);
            }
            model.erase(key);
        }
    }
    std::map<uint64_t, uint64_t> left;
    table.for_each([&](const Object& each) { left[each.key] = each.size; });
    EXPECT_EQ(left, model);
}

TEST(ObjectTable, KindsWithTheSameNumberAreApart) {
    ObjectTable table;
    Object replaced;
    ASSERT_TRUE(table.add(object(ObjectKind::pointer, 1000, 1), replaced));
    ASSERT_TRUE(table.add(object(ObjectKind::registered, 1000, 2), replaced));
    EXPECT_FALSE(replaced.exists());
    EXPECT_EQ(table.take(ObjectKind::registered, 1000).size, 2u);
    EXPECT_EQ(table.take(ObjectKind::pointer, 1000).size, 1u);
    EXPECT_FALSE(table.take(ObjectKind::pointer, 1000).exists());
}

TEST(ObjectTable, TakesOutAllThatMatchAndNothingElse) {
    ObjectTable table;
    Object replaced;
    for (uint64_t key = 1; key <= 5000; ++key) {
        Object made = object(ObjectKind::pointer, key, key);
        made.context = key % 3;
        ASSERT_TRUE(table.add(made, replaced));
    }
    std::set<uint64_t> taken;
    ObjectTable::Search search;
    for (;;) {
        const Object each = table.take_next(search, [](const Object& o) { return o.context == 1; });
        if (!each.exists()) break;
        EXPECT_TRUE(taken.insert(each.key).second);
    }
    EXPECT_EQ(taken.size(), 1667u);
    size_t left = 0;
    table.for_each([&](const Object& each) {
        EXPECT_NE(each.context, 1u);
        ++left;
    });
    EXPECT_EQ(left, 5000 - taken.size());
}

// What is taken out meanwhile lets others move up, perhaps to where the search has been.
TEST(ObjectTable, TakesOutAllThatMatchWhileOthersGoAndCome) {
    std::mt19937 random(4711);
    for (int round = 0; round < 200; ++round) {
        ObjectTable table;
        Object replaced;
        for (uint64_t key = 1; key <= 250; ++key) {
            Object made = object(ObjectKind::pointer, key * (1 + random() % 1000), key);
            made.context = random() % 2;
            made.holder = made.context;
            ASSERT_TRUE(table.add(made, replaced));
        }
        ObjectTable::Search search;
        for (;;) {
            const Object each =
                table.take_next(search, [](const Object& o) { return o.context == 1; });
            if (!each.exists()) break;
            ObjectTable::Search other;
            table.take_next(other, [&](const Object& o) { return o.holder == 0; });
            if (random() % 4 == 0) table.add(object(ObjectKind::handle, random() + 1, 1), replaced);
        }
        table.for_each(
            [&](const Object& each) { EXPECT_NE(each.context, 1u) << "round " << round; });
    }
}

TEST(ArraySize, IsWhatTheArrayHolds) {
    constexpr int kFloat = 0x20;
    constexpr int kBc1 = 0x91;
    constexpr int kNv12 = 0xb0;
    EXPECT_EQ(array_size({100, 0, 0, kFloat, 1, 0}, 1), 400u);
    EXPECT_EQ(array_size({100, 10, 0, kFloat, 4, 0}, 1), 16'000u);
    EXPECT_EQ(array_size({8, 8, 0, kFloat, 1, 0}, 4), 4u * (64 + 16 + 4 + 1));
    // Layers do not become fewer; depth does.
    EXPECT_EQ(array_size({4, 4, 6, kFloat, 1, kLayeredArray}, 2), 4u * (96 + 24));
    EXPECT_EQ(array_size({4, 4, 6, kFloat, 1, 0}, 2), 4u * (96 + 12));
    EXPECT_EQ(array_size({9, 9, 0, kBc1, 1, 0}, 1), 9u * 8);
    EXPECT_EQ(array_size({64, 32, 0, kNv12, 3, 0}, 1), 3072u);
    EXPECT_EQ(array_size({100, 100, 0, kFloat, 1, kSparseArray}, 1), 0u);
    EXPECT_EQ(array_size({100, 100, 0, 0x7777, 1, 0}, 1), 0u);
}

}  // namespace
}  // namespace heapdrift::cuda
