#include "analyzer/model/aggregate.h"

#include <gtest/gtest.h>

#include "analyzer/model/failure.h"
#include "tests/unit/support/profile_builder.h"

namespace heapdrift::model {
namespace {

using testing::ProfileBuilder;

std::vector<Row> rows_of(const Profile& profile, GroupBy group_by, bool cumulative = false) {
    std::vector<Row> rows = aggregate(profile, {group_by, cumulative});
    sort_rows(rows, Column::live_bytes);
    return rows;
}

std::string summary(const std::vector<Row>& rows) {
    std::string text;
    for (const Row& row : rows)
        text += row.key + "=" + std::to_string(row.figures.live_bytes) + "/" +
                std::to_string(row.figures.live_allocations) + " ";
    return text;
}

class Aggregate : public ::testing::Test {
protected:
    Aggregate() {
        builder_.add({"put cache.cc:42", "serve main.cc:7", "main main.cc:1"}, 100, 2);
        builder_.add({"put cache.cc:43", "main main.cc:2"}, 30);
        builder_.add({"operator new(unsigned long)", "grow<put cache.cc:50", "main main.cc:1"}, 7);
        builder_.add({"+0x900", "main main.cc:1"}, 5);
    }
    ProfileBuilder builder_;
};

TEST_F(Aggregate, ByFunctionNamesTheCallerOfAllocatorWrappers) {
    EXPECT_EQ(summary(rows_of(builder_.profile, GroupBy::function)),
              "put=130/3 grow=7/1 server+0x900=5/1 ");
}

TEST_F(Aggregate, ByLineFileAndModule) {
    EXPECT_EQ(summary(rows_of(builder_.profile, GroupBy::lineno)),
              "cache.cc:42=100/2 cache.cc:43=30/1 grow=7/1 server+0x900=5/1 ");
    EXPECT_EQ(summary(rows_of(builder_.profile, GroupBy::filename)),
              "cache.cc=130/3 /usr/bin/server=12/2 ");
    EXPECT_EQ(summary(rows_of(builder_.profile, GroupBy::module)), "/usr/bin/server=142/5 ");
}

TEST_F(Aggregate, CumulativeCountsAPlaceOnceForEachStack) {
    EXPECT_EQ(summary(rows_of(builder_.profile, GroupBy::function, true)),
              "main=142/5 put=137/4 serve=100/2 operator new(unsigned long)=7/1 grow=7/1 "
              "server+0x900=5/1 ");
    ProfileBuilder recursive;
    recursive.add({"r r.cc:1", "r r.cc:2", "r r.cc:1", "m r.cc:9"}, 100);
    EXPECT_EQ(summary(rows_of(recursive.profile, GroupBy::function, true)), "r=100/1 m=100/1 ");
}

TEST_F(Aggregate, CumulativeGoesWithPlacesOnly) {
    EXPECT_THROW(check({GroupBy::traceback, true}), UsageFailure);
    EXPECT_THROW(check({GroupBy::domain, true}), UsageFailure);
    EXPECT_NO_THROW(check({GroupBy::lineno, true}));
}

TEST_F(Aggregate, MappingsHaveARowButAreNoPartOfTotals) {
    Figures figures;
    figures.live_bytes = 4096;
    figures.live_allocations = 1;
    builder_.add({"map cache.cc:9"}, figures, Domain::mapping);
    EXPECT_EQ(summary(rows_of(builder_.profile, GroupBy::domain)), "mapping=4096/1 heap=142/5 ");
    EXPECT_EQ(totals(builder_.profile).figures.live_bytes, 142u);
    EXPECT_EQ(summary(rows_of(builder_.profile, GroupBy::filename)),
              "cache.cc=130/3 /usr/bin/server=12/2 ");
}

TEST_F(Aggregate, ByThreadThereAreAllocationsOnly) {
    builder_.profile.threads.push_back({4711, "worker", 0, {}, 9, 900, 3});
    const std::vector<Row> rows = rows_of(builder_.profile, GroupBy::thread);
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].key, "4711 (worker)");
    EXPECT_EQ(rows[0].figures.allocations, 9u);
    EXPECT_EQ(rows[0].figures.live_bytes, 0u);
}

TEST_F(Aggregate, SortsByColumnThenSizeCountAndKey) {
    ProfileBuilder builder;
    builder.add({"a f:1"}, 10);
    builder.add({"b f:2"}, 10);
    builder.add({"c f:3"}, 10, 2);
    EXPECT_EQ(summary(rows_of(builder.profile, GroupBy::function)), "c=10/2 b=10/1 a=10/1 ");
}

TEST_F(Aggregate, FiguresHoldTogether) {
    Figures all;
    for (const Row& row : rows_of(builder_.profile, GroupBy::traceback)) all += row.figures;
    EXPECT_EQ(all, totals(builder_.profile).figures);
}

}  // namespace
}  // namespace heapdrift::model
