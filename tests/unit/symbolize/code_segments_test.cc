#include "analyzer/symbolize/code_segments.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/unit/symbolize/fixture.h"

namespace heapdrift::symbolize {
namespace {

TEST(CodeSegments, HoldTheProgramsFunctions) {
    for (const char* fixture : {"c_dwarf5", "c_fixed_address"}) {
        const std::string path = fixture_path(fixture);
        const auto segments = code_segments(module_of(path));
        ASSERT_EQ(segments.size(), 1u) << fixture;
        const std::string found = output_of(NM " " + path + " | grep ' T main$' | cut -d' ' -f1");
        const uint64_t main = std::strtoull(found.c_str(), nullptr, 16);
        EXPECT_GE(main, segments[0].start) << fixture;
        EXPECT_LT(main, segments[0].end) << fixture;
        EXPECT_EQ(segments[0].start % 4096, 0u);
        EXPECT_EQ(segments[0].file_offset % 4096, 0u);
    }
}

TEST(CodeSegments, AreNotThoseOfAnotherBuild) {
    model::Module module = module_of(fixture_path("c_dwarf5"));
    module.build_id = "0123456789";
    EXPECT_TRUE(code_segments(module).empty());
    module.path = "/no/such/file";
    EXPECT_TRUE(code_segments(module).empty());
}

}  // namespace
}  // namespace heapdrift::symbolize
