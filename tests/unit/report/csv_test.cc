#include "analyzer/report/csv.h"

#include <gtest/gtest.h>

namespace heapdrift::report {
namespace {

TEST(Csv, QuotesWhatNeedsIt) {
    EXPECT_EQ(csv_field("plain"), "plain");
    EXPECT_EQ(csv_field("f(int, int)"), "\"f(int, int)\"");
    EXPECT_EQ(csv_field("operator\"\"_s"), "\"operator\"\"\"\"_s\"");
    EXPECT_EQ(csv_field("a\nb"), "\"a\nb\"");
}

}  // namespace
}  // namespace heapdrift::report
