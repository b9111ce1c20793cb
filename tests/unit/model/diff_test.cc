#include "analyzer/model/diff.h"

#include <gtest/gtest.h>

#include "tests/unit/support/profile_builder.h"

namespace heapdrift::model {
namespace {

using testing::ProfileBuilder;

std::string summary(std::vector<DiffRow> rows) {
    sort_rows(rows);
    std::string text;
    for (const DiffRow& row : rows)
        text += row.key.substr(0, row.key.find('\n')) + " " +
                std::to_string(row.new_figures.live_bytes) + "(" +
                std::to_string(row.delta(Column::live_bytes)) + ") " + only_in_name(row.only_in) +
                "; ";
    return text;
}

// As tracemalloc 3.11 orders it: new 70 B, then gone -50 B, then grown by 10 B.
TEST(Diff, OrdersAsTracemallocDoes) {
    ProfileBuilder before;
    before.add({"gone f:1"}, 50);
    before.add({"x f:2"}, 10);
    before.add({"same f:4"}, 1000);
    ProfileBuilder after;
    after.add({"x f:2"}, 20);
    after.add({"added f:3"}, 70);
    after.add({"same f:4"}, 1000);
    EXPECT_EQ(summary(diff(before.profile, after.profile, {GroupBy::function, false})),
              "added 70(70) new; gone 0(-50) old; x 20(10) both; same 1000(0) both; ");
}

TEST(Diff, MatchesStacksOfTwoBuildsBySymbolAndNotByAddressOrLine) {
    ProfileBuilder before("aaaa");
    before.add({"put cache.cc:42", "main main.cc:9"}, 100);
    ProfileBuilder after("bbbb");
    after.first_offset = 0x5000;
    after.add({"put cache.cc:48", "main main.cc:12"}, 150);
    EXPECT_EQ(summary(diff(before.profile, after.profile, {})),
              "put at cache.cc:48 150(50) both; ");
}

TEST(Diff, MatchesByPlaceWithinOneBuild) {
    ProfileBuilder before("aaaa");
    before.add({"put cache.cc:42"}, 100);
    before.add({"+0x900"}, 7);
    ProfileBuilder after("aaaa");
    after.add({"put cache.cc:42"}, 101);
    after.add({"put cache.cc:48"}, 150);
    after.add({"+0x900"}, 9);
    EXPECT_EQ(summary(diff(before.profile, after.profile, {})),
              "put at cache.cc:48 150(150) new; server+0x900 9(2) both; "
              "put at cache.cc:42 101(1) both; ");
}

TEST(Diff, AddsWhatHasNoSymbolInAnotherBuild) {
    ProfileBuilder before("aaaa");
    before.add({"+0x900"}, 7);
    before.add({"+0x940"}, 5);
    ProfileBuilder after("bbbb");
    after.add({"+0x1900"}, 20);
    EXPECT_EQ(summary(diff(before.profile, after.profile, {})), "server+0x1900 20(8) both; ");
}

TEST(Diff, DomainsAreNotMixed) {
    ProfileBuilder before;
    before.add({"put f:1"}, 10);
    ProfileBuilder after;
    Figures figures;
    figures.live_bytes = 10;
    after.add({"put f:1"}, figures, Domain::mapping);
    EXPECT_EQ(diff(before.profile, after.profile, {}).size(), 2u);
}

}  // namespace
}  // namespace heapdrift::model
