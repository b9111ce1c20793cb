#include "analyzer/process/recorder_options.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>

namespace heapdrift::process {
namespace {

std::string variable(const std::vector<std::string>& environment, const std::string& name) {
    const auto found = std::ranges::find_if(
        environment, [&](const std::string& entry) { return entry.starts_with(name + "="); });
    return found == environment.end() ? "(none)" : found->substr(name.size() + 1);
}

class RecorderEnvironment : public ::testing::Test {
protected:
    void TearDown() override {
        unsetenv("LD_PRELOAD");
        unsetenv("HEAPDRIFT_OPTIONS");
    }
};

TEST(RecorderOption, IsCheckedByNameAndRange) {
    EXPECT_EQ(check_option("depth=64"), "");
    EXPECT_EQ(check_option("min_descendant=18446744073709551615"), "");
    for (const char* wrong : {"", "depth", "depth=", "depth=0", "depth=1025", "depth=6x", "dept=3",
                              "interval=3600001", "output=/x", "root_pid=1"})
        EXPECT_NE(check_option(wrong), "") << wrong;
    EXPECT_NE(check_option("nosuch=1").find("interval"), std::string::npos) << "names those known";
}

TEST(RecorderOption, ValuesSurviveTheVariable) {
    const RecorderOptions options = {{"output", R"(/a:b\c=d/%p)"}, {"depth", "3"}};
    EXPECT_EQ(encode_options(options), R"(output=/a\:b\\c=d/%p:depth=3)");
    EXPECT_EQ(decode_options(encode_options(options)), options);
}

TEST_F(RecorderEnvironment, PutsTheRecorderFirstAndOnce) {
    setenv("LD_PRELOAD", "/old/libheapdrift_preload.so /usr/lib/other.so:/usr/lib/last.so", 1);
    setenv("HEAPDRIFT_OPTIONS", "interval=500:depth=7", 1);
    const auto environment = recorded_environment("/new/libheapdrift_preload.so", {{"depth", "9"}});
    EXPECT_EQ(variable(environment, "LD_PRELOAD"),
              "/new/libheapdrift_preload.so:/usr/lib/other.so:/usr/lib/last.so");
    EXPECT_EQ(variable(environment, "HEAPDRIFT_OPTIONS"), "interval=500:depth=9");
}

TEST_F(RecorderEnvironment, LeavesNoTraceWhereNothingIsRecorded) {
    setenv("LD_PRELOAD", "/old/libheapdrift_preload.so", 1);
    setenv("HEAPDRIFT_OPTIONS", "interval=500", 1);
    const auto environment = unrecorded_environment();
    EXPECT_EQ(variable(environment, "LD_PRELOAD"), "(none)");
    EXPECT_EQ(variable(environment, "HEAPDRIFT_OPTIONS"), "(none)");
    EXPECT_NE(variable(environment, "PATH"), "(none)");
}

}  // namespace
}  // namespace heapdrift::process
