// Programs whose names and lines are known, at return addresses that they report themselves.
#include "tests/unit/symbolize/fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>

namespace heapdrift::symbolize {
namespace {

std::string at(const std::string& function, const std::string& source, const std::string& marker,
               const std::string& suffix = "") {
    return function + " " + source + ":" + std::to_string(line_of(source, marker)) + suffix;
}

class ProgramInC : public testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        if (!fixture_exists(GetParam())) GTEST_SKIP() << "its compiler is not installed";
    }
};

TEST_P(ProgramInC, ShowsInlinedFunctionsAtTheirCallSites) {
    const std::string path = fixture_path(GetParam());
    auto offsets = noted_offsets(path);
    ASSERT_TRUE(offsets.contains("inner"));
    EXPECT_EQ(described(symbolize_one(module_of(path), offsets["inner"])),
              (std::vector<std::string>{at("inner", "inlined.c", "inner", " [inlined]"),
                                        at("middle", "inlined.c", "middle", " [inlined]"),
                                        at("outer", "inlined.c", "outer")}));
}

TEST_P(ProgramInC, ShowsStaticAndPublicFunctionsWithTheirLines) {
    const std::string path = fixture_path(GetParam());
    auto offsets = noted_offsets(path);
    for (const char* name : {"unseen", "run_fixture"}) {
        model::Locations locations = symbolize_one(module_of(path), offsets[name]);
        EXPECT_EQ(described(locations), (std::vector<std::string>{at(name, "inlined.c", name)}));
        ASSERT_FALSE(locations.empty());
        EXPECT_EQ(locations[0].file, std::string(FIXTURE_SOURCES "/inlined.c"));
    }
}

INSTANTIATE_TEST_SUITE_P(Flavours, ProgramInC,
                         testing::Values("c_dwarf5", "c_dwarf4", "c_fixed_address", "c_compressed",
                                         "c_split", "c_shared.so", "c_clang"),
                         [](const auto& parameter) {
                             std::string name = parameter.param;
                             std::replace(name.begin(), name.end(), '.', '_');
                             return name;
                         });

class ProgramInCxx : public testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        if (!fixture_exists(GetParam())) GTEST_SKIP() << "its compiler is not installed";
        path_ = fixture_path(GetParam());
        offsets_ = noted_offsets(path_);
    }
    std::vector<std::string> at_tag(const std::string& tag) {
        EXPECT_TRUE(offsets_.contains(tag));
        return described(symbolize_one(module_of(path_), offsets_[tag]));
    }

    std::string path_;
    std::map<std::string, uint64_t> offsets_;
};

TEST_P(ProgramInCxx, NamesTemplatesWithTheirArguments) {
    EXPECT_EQ(at_tag("template"),
              std::vector<std::string>{at(
                  "store::Cache<std::map<int, long, std::less<int>, std::allocator<std::pair<int "
                  "const, long> > > >::put(std::map<int, long, std::less<int>, "
                  "std::allocator<std::pair<int const, long> > >)",
                  "scoped.cc", "template")});
}

TEST_P(ProgramInCxx, NamesTheScopesOfFunctionsWithInternalLinkage) {
    EXPECT_EQ(at_tag("anonymous"),
              std::vector<std::string>{
                  at("store::(anonymous namespace)::hidden(int)", "scoped.cc", "anonymous")});
    std::vector<std::string> inlined = at_tag("inlined_anonymous");
    ASSERT_EQ(inlined.size(), 2u);
    // gcc gives such a function no linker's name, clang does.
    EXPECT_TRUE(inlined[0].starts_with("store::(anonymous namespace)::inlined_hidden"))
        << inlined[0];
    EXPECT_EQ(inlined[1], at("store::use_all()", "scoped.cc", "use_all"));
}

TEST_P(ProgramInCxx, NamesConstructorsOfNestedClasses) {
    EXPECT_EQ(at_tag("constructor"),
              std::vector<std::string>{
                  at("store::Outer::Inner::Inner(int, std::__cxx11::basic_string<char, "
                     "std::char_traits<char>, std::allocator<char> >)",
                     "scoped.cc", "constructor")});
}

TEST_P(ProgramInCxx, NamesMethodsOfLocalClassesAndLambdas) {
    EXPECT_EQ(at_tag("local_method"),
              std::vector<std::string>{
                  at("store::use_all()::Local::method()", "scoped.cc", "local_method")});
    std::vector<std::string> lambda = at_tag("lambda");
    ASSERT_EQ(lambda.size(), 1u);
    EXPECT_TRUE(lambda[0].starts_with("store::use_all()::")) << lambda[0];
    EXPECT_TRUE(lambda[0].ends_with(at("", "scoped.cc", "lambda"))) << lambda[0];
}

INSTANTIATE_TEST_SUITE_P(Flavours, ProgramInCxx,
                         testing::Values("cxx_dwarf5", "cxx_dwarf4", "cxx_clang"),
                         [](const auto& parameter) { return std::string(parameter.param); });

TEST(ProgramInRust, HasNamesWithoutHashes) {
    if (!fixture_exists("rust_names")) GTEST_SKIP() << "rustc is not installed";
    const std::string path = fixture_path("rust_names");
    std::istringstream symbols(output_of(NM " " + path));
    std::vector<std::string> functions;
    std::string row;
    while (std::getline(symbols, row)) {
        if (row.find("grow_rows") == row.npos && row.find("4fill") == row.npos) continue;
        model::Locations locations = symbolize_one(module_of(path), std::stoull(row, nullptr, 16));
        ASSERT_FALSE(locations.empty()) << row;
        functions.push_back(locations.back().function);
        EXPECT_TRUE(locations.back().file.ends_with("/names.rs")) << locations.back().file;
    }
    std::sort(functions.begin(), functions.end());
    ASSERT_EQ(functions.size(), 2u);
    EXPECT_TRUE(functions[0].ends_with("cache::Store::grow_rows") ||
                functions[1].ends_with("cache::Store::grow_rows"));
    for (const std::string& function : functions) {
        EXPECT_EQ(function.find("17h"), function.npos) << function;
        EXPECT_EQ(function.find("::h"), function.npos) << function;
    }
}

TEST(Symbolize, AnswersEveryDistinctQueryOnceAndCountsThemForTheProgressBar) {
    const std::string path = fixture_path("c_dwarf5");
    auto offsets = noted_offsets(path);
    std::vector<Query> queries{
        {0, offsets["inner"]}, {0, offsets["unseen"]}, {0, 1}, {0, offsets["inner"]}, {7, 0x1234}};
    size_t last = 0;
    Options options;
    options.progress = [&](size_t done, size_t total) {
        EXPECT_GE(done, last);
        EXPECT_LE(done, total);
        EXPECT_EQ(total, 4u);
        last = done;
    };
    SymbolTable table = symbolize({module_of(path)}, queries, options);
    EXPECT_EQ(table.size(), 4u);
    EXPECT_EQ(last, 4u);
    ASSERT_NE(table.find(7, 0x1234), nullptr);
    EXPECT_TRUE(table.find(7, 0x1234)->empty());
    ASSERT_NE(table.find(0, 1), nullptr);
    EXPECT_TRUE(table.find(0, 1)->empty());
}

}  // namespace
}  // namespace heapdrift::symbolize
