#include "preload/snapshot_costs.h"

#include <gtest/gtest.h>

namespace heapdrift {
namespace {

TEST(SnapshotCosts, OneThatHadToWaitForTheProcessorCountsAsItsNeighbours) {
    SnapshotCosts costs;
    costs.add(100);
    EXPECT_EQ(costs.add(500'000'000), 100u);
    EXPECT_EQ(costs.add(120), 120u);
}

TEST(SnapshotCosts, NeitherDoesTheFirstOneCountAlone) {
    SnapshotCosts costs;
    EXPECT_EQ(costs.add(500'000'000), 0u);
    EXPECT_EQ(costs.add(100), 100u);
}

TEST(SnapshotCosts, WhatIsCostlyEachTimeCounts) {
    SnapshotCosts costs;
    costs.add(40'000);
    EXPECT_EQ(costs.add(50'000), 40'000u);
    EXPECT_EQ(costs.add(45'000), 45'000u);
}

}  // namespace
}  // namespace heapdrift
