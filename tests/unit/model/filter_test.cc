#include "analyzer/model/filter.h"

#include <gtest/gtest.h>

#include "analyzer/model/failure.h"
#include "tests/unit/support/profile_builder.h"

namespace heapdrift::model {
namespace {

using testing::ProfileBuilder;

class FilterTest : public ::testing::Test {
protected:
    uint64_t kept(const Filter& filter) {
        ProfileBuilder builder;
        builder.add({"put src/cache.cc:42", "serve src/main.cc:7"}, 1);
        builder.add({"operator new(unsigned long)", "grow src/pool.cc:5", "serve src/main.cc:7"},
                    10);
        builder.add({"load lib/x.cc:3", "put src/cache.cc:44"}, 100);
        Figures figures;
        figures.live_bytes = 1000;
        builder.add({"map src/cache.cc:1"}, figures, Domain::mapping);
        apply(filter, builder.profile);
        uint64_t bytes = 0;
        for (const Site& site : builder.profile.sites) bytes += site.figures.live_bytes;
        return bytes;
    }
    Filter filter_;
};

TEST_F(FilterTest, KeepsAllWithoutConditions) {
    EXPECT_EQ(kept(filter_), 1111u);
}

TEST_F(FilterTest, KnowsWhetherOnlyOtherDomainsThanTheTotalsWereChosen) {
    EXPECT_FALSE(filter_.outside_totals());
    filter_.domains = {Domain::mapping};
    EXPECT_TRUE(filter_.outside_totals());
    EXPECT_EQ(kept(filter_), 1000u);
    filter_.domains = {Domain::mapping, Domain::heap};
    EXPECT_FALSE(filter_.outside_totals());
}

TEST_F(FilterTest, FocusAndIgnoreLookAtEveryFrame) {
    filter_.focus.emplace("^put$");
    EXPECT_EQ(kept(filter_), 101u);
    filter_.ignore.emplace("lib/");
    EXPECT_EQ(kept(filter_), 1u);
}

TEST_F(FilterTest, FocusMatchesFunctionFileOrModule) {
    filter_.focus.emplace("pool\\.cc|nothing");
    EXPECT_EQ(kept(filter_), 10u);
    filter_.focus.emplace("usr/bin/server");
    EXPECT_EQ(kept(filter_), 1111u);
}

TEST_F(FilterTest, PatternsLookAtTheAllocatingFrame) {
    filter_.include = {"src/*"};
    EXPECT_EQ(kept(filter_), 1011u);
    filter_.exclude = {"*pool*"};
    EXPECT_EQ(kept(filter_), 1001u);
}

TEST_F(FilterTest, PatternsLookAtEveryFrameIfAsked) {
    filter_.all_frames = true;
    filter_.include = {"src/cache.cc"};
    EXPECT_EQ(kept(filter_), 1101u);
    filter_.exclude = {"lib/*"};
    EXPECT_EQ(kept(filter_), 1001u);
}

TEST_F(FilterTest, Domains) {
    filter_.domains = {Domain::mapping};
    EXPECT_EQ(kept(filter_), 1000u);
}

TEST_F(FilterTest, ABadExpressionIsAUsageFailure) {
    EXPECT_THROW(Pattern("("), UsageFailure);
}

}  // namespace
}  // namespace heapdrift::model
