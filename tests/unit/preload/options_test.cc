#include "preload/options.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "preload/session_path.h"

namespace heapdrift {
namespace {

std::string path(const char* options, uint32_t pid, uint32_t attempt) {
    return session_path(parse_options(options), "/usr/bin/tool", pid, attempt).text();
}

TEST(Options, DefaultsHoldWithoutAnyText) {
    const Options options = parse_options(nullptr);
    EXPECT_EQ(options.interval_ms, 20u);
    EXPECT_EQ(options.depth, 1024u);
    EXPECT_STREQ(options.output.text(), "%e.%p.heapdrift");
}

TEST(Options, ValuesMayHoldEscapedColonsAndBackslashes) {
    const Options options = parse_options(R"(output=/a\:b\\c:depth=64)");
    EXPECT_STREQ(options.output.text(), R"(/a:b\c)");
    EXPECT_EQ(options.depth, 64u);
}

TEST(Options, AnUnknownNameIsNamedOnStderrAndIgnored) {
    testing::internal::CaptureStderr();
    const Options options = parse_options("colour=blue:interval=5");
    EXPECT_EQ(testing::internal::GetCapturedStderr(),
              "heapdrift: HEAPDRIFT_OPTIONS: unknown option 'colour' ignored\n");
    EXPECT_EQ(options.interval_ms, 5u);
}

TEST(Options, ANumberOutOfRangeIsNamedAndTheDefaultStays) {
    for (const char* text :
         {"depth=0", "depth=1025", "depth=12x", "depth=", "depth=99999999999999999999"}) {
        testing::internal::CaptureStderr();
        EXPECT_EQ(parse_options(text).depth, 1024u) << text;
        EXPECT_NE(testing::internal::GetCapturedStderr().find("depth="), std::string::npos);
    }
}

TEST(Options, ASizeMayHaveAUnit) {
    EXPECT_EQ(parse_options("sample=512KiB").sample, 512u << 10);
    EXPECT_EQ(parse_options("sample=2M:depth=7").sample, 2u << 20);
    EXPECT_EQ(parse_options("min_descendant=1GiB").min_descendant, 1u << 30);
    EXPECT_EQ(parse_options("sample=4096").sample, 4096u);
}

TEST(Options, AUnitThatIsNoneIsNamedAndTheDefaultStays) {
    for (const char* text : {"sample=5KB", "sample=5k", "sample=99999999999999999G", "depth=1K"}) {
        testing::internal::CaptureStderr();
        const Options options = parse_options(text);
        EXPECT_EQ(options.sample, 0u) << text;
        EXPECT_EQ(options.depth, 1024u) << text;
        EXPECT_NE(testing::internal::GetCapturedStderr().find("is not a number"),
                  std::string::npos);
    }
}

TEST(SessionPath, FillsInPidProgramAndPercent) {
    EXPECT_EQ(path("output=/x/%e-%p-%%", 42, 0), "/x/tool-42-%");
}

TEST(SessionPath, OnlyTheRootProcessGoesWithoutItsPid) {
    EXPECT_EQ(path("output=/x/f:root_pid=42", 42, 0), "/x/f");
    EXPECT_EQ(path("output=/x/f:root_pid=42", 43, 0), "/x/f.43");
}

TEST(SessionPath, LaterImagesGetANumber) {
    EXPECT_EQ(path("output=/x/%p", 42, 2), "/x/42.2");
}

TEST(SessionPath, ARelativePathIsMadeAbsolute) {
    EXPECT_EQ(path("output=f.%p", 1, 0), (std::filesystem::current_path() / "f.1").string());
}

}  // namespace
}  // namespace heapdrift
