#include "analyzer/input/settings_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "analyzer/model/failure.h"
#include "tests/unit/process/temporary_directory.h"

namespace heapdrift::input {
namespace {

model::Settings parsed(const std::string& text) {
    return parse_settings(text, "heapdrift.toml", "/project");
}

std::string message_of(const std::string& text) {
    try {
        parsed(text);
    } catch (const UsageFailure& failure) {
        return failure.what();
    }
    return "accepted";
}

TEST(SettingsFile, SaysWhatItSays) {
    const model::Settings settings = parsed(R"(
schema = 1
[record]
interval = "1s"
depth = 64
scan = false
[report]
source_root = "src/.."
project_frames = ["src/**"]
[gate]
baseline = "known.json"
suppressions = ["a.supp", "/etc/b.supp"]
programs = ["*_test"]
fail_on = "any-leak"
growth = "warn"
min_score = 0.95
runs = 3
confirm = 0
strict = true
[tolerance]
warn = ["10%", "5 MiB"]
fail = "50%"
fail_allocations = ["1000", "20%"]
[[budget]]
name = "peak of tests"
match = "unit_*"
metric = "peak"
domain = "heap"
limit = "200 MiB"
message = "see docs"
[[budget]]
metric = "growth"
from = "warm"
to = "done"
site = "cache_*"
limit = 0
)");
    EXPECT_EQ(settings.record.interval_ms, 1000u);
    EXPECT_EQ(settings.record.depth, 64u);
    EXPECT_EQ(settings.record.scan, false);
    EXPECT_EQ(settings.report.source_root, "/project/");
    EXPECT_EQ(settings.gate.baseline, "/project/known.json");
    EXPECT_EQ(settings.gate.suppressions,
              (std::vector<std::string>{"/project/a.supp", "/etc/b.supp"}));
    EXPECT_EQ(settings.gate.fail_on, model::FailOn::any_leak);
    EXPECT_EQ(settings.gate.growth, model::GrowthPolicy::warn);
    EXPECT_EQ(settings.gate.min_score, 0.95);
    EXPECT_EQ(settings.gate.runs, 3u);
    EXPECT_EQ(settings.gate.confirm, 0u);
    EXPECT_EQ(settings.gate.strict, true);
    EXPECT_EQ(settings.tolerance.warn, (model::Tolerance{10, 5 << 20}));
    EXPECT_EQ(settings.tolerance.fail, (model::Tolerance{50, 0}));
    EXPECT_EQ(settings.tolerance.fail_allocations, (model::Tolerance{20, 1000}));
    ASSERT_EQ(settings.budgets.value().size(), 2u);
    const model::Budget& peak = settings.budgets->at(0);
    EXPECT_EQ(peak.limit, 200ULL << 20);
    EXPECT_EQ(peak.domain, Domain::heap);
    EXPECT_EQ(peak.origin, "heapdrift.toml:24");
    EXPECT_EQ(settings.budgets->at(1).metric, model::Metric::growth);
}

TEST(SettingsFile, BadFilesAreRefusedByLineKeyAndExpectation) {
    const std::pair<const char*, const char*> kCases[] = {
        {"schema = 2", "heapdrift.toml:1: schema: 1 is expected"},
        {"a = [", "heapdrift.toml:1: "},
        {"schema = 1\n\n[gate\nruns = 1", "heapdrift.toml:3: "},
        {"[gate]\nruns = 1\nruns = 2", "heapdrift.toml:3: "},
        {"[gat]", "heapdrift.toml:1: 'gat' is not known; there are schema, [record]"},
        {"gate = 5", "heapdrift.toml:1: a section is expected: [gate]"},
        {"[gate]\n\nrnus = 3", "heapdrift.toml:3: 'rnus' is no key of [gate]; there are baseline"},
        {"[gate]\nruns = 0", "heapdrift.toml:2: runs of [gate]: a whole number from 1 to 100"},
        {"[gate]\nruns = \"3\"", "heapdrift.toml:2: runs of [gate]: a whole number"},
        {"[gate]\nruns = 1979-05-27", "heapdrift.toml:2: runs of [gate]: a whole number"},
        {"[gate]\nmin_score = 1.5", "heapdrift.toml:2: min_score of [gate]: a number from 0 to 1"},
        {"[gate]\nmin_score = nan", "heapdrift.toml:2: min_score of [gate]: a number from 0 to 1"},
        {"[gate]\nfail_on = \"leak\"", "heapdrift.toml:2: fail_on of [gate]: new-leak, any-leak"},
        {"[gate]\nstrict = 1", "heapdrift.toml:2: strict of [gate]: true or false is expected"},
        {"[gate]\nsuppressions = \"a\"", "heapdrift.toml:2: suppressions of [gate]: an array"},
        {"[gate]\nsuppressions = [1]", "heapdrift.toml:2: suppressions of [gate]: an array"},
        {"[gate]\nbaseline = \"\"", "heapdrift.toml:2: baseline of [gate]: a file is expected"},
        {"[record]\ninterval = \"2h\"", "heapdrift.toml:2: interval of [record]: a time from"},
        {"[record]\ninterval = 0", "heapdrift.toml:2: interval of [record]: a time from"},
        {"[record]\ndepth = -1", "heapdrift.toml:2: depth of [record]: a whole number from 1"},
        {"[tolerance]\nwarn = [\"10%\", \"5%\"]", "heapdrift.toml:2: warn of [tolerance]: a per"},
        {"[tolerance]\nwarn = []", "heapdrift.toml:2: warn of [tolerance]: a percentage"},
        {"[tolerance]\nfail = \"lots\"", "heapdrift.toml:2: fail of [tolerance]: a percentage"},
        {"[budget]\nmetric = \"peak\"", "heapdrift.toml:1: budgets are written [[budget]]"},
        {"budget = 3", "heapdrift.toml:1: budgets are written [[budget]]"},
        {"\n[[budget]]\nlimit = 5", "heapdrift.toml:2: a budget needs metric and limit"},
        {"[[budget]]\nmetric = \"peek\"\nlimit = 5",
         "heapdrift.toml:2: metric of [[budget]]: one of peak, live_at_end, allocations, leaked, "
         "growth is expected"},
        {"[[budget]]\nmetric = \"peak\"\nlimit = \"5 mb\"",
         "heapdrift.toml:3: limit of [[budget]]: a size such as \"200 MiB\""},
        {"[[budget]]\nmetric = \"peak\"\nlimit = -5", "heapdrift.toml:3: limit of [[budget]]"},
        {"[[budget]]\nmetric = \"peak\"\nlimit = 5\ndomain = \"gpu\"",
         "heapdrift.toml:4: domain of [[budget]]: one of heap, mapping"},
        {"[[budget]]\nmetric = \"peak\"\nlimit = 5\nlimits = 6",
         "heapdrift.toml:4: 'limits' is no key of [[budget]]; there are name"},
        {"[[budget]]\nmetric = \"peak\"\nlimit = 5\nname = 6",
         "heapdrift.toml:4: name of [[budget]]: a string is expected"},
        {"[[budget]]\nmetric = \"growth\"\nlimit = 5\nfrom = \"a\"",
         "heapdrift.toml:1: growth is measured between two snapshots"},
        {"[[budget]]\nmetric = \"peak\"\nlimit = 5\nfrom = \"a\"",
         "heapdrift.toml:1: from and to belong to the metric growth"},
    };
    for (const auto& [text, message] : kCases)
        EXPECT_EQ(message_of(text).substr(0, std::string_view(message).size()), message) << text;
}

model::Settings of_environment(const std::map<std::string, std::string>& variables) {
    return settings_of_environment([&](const char* name) {
        const auto found = variables.find(name);
        return found == variables.end() ? nullptr : found->second.c_str();
    });
}

TEST(SettingsOfEnvironment, NameSectionAndKey) {
    const model::Settings settings = of_environment({{"HEAPDRIFT_GATE_RUNS", "5"},
                                                     {"HEAPDRIFT_GATE_STRICT", "1"},
                                                     {"HEAPDRIFT_GATE_SUPPRESSIONS", "a:b"},
                                                     {"HEAPDRIFT_TOLERANCE_FAIL", "5%:1MiB"},
                                                     {"HEAPDRIFT_RECORD_INTERVAL", "10ms"},
                                                     {"HEAPDRIFT_GATE_GROWTH", ""}});
    EXPECT_EQ(settings.gate.runs, 5u);
    EXPECT_EQ(settings.gate.strict, true);
    EXPECT_EQ(settings.gate.suppressions, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(settings.tolerance.fail, (model::Tolerance{5, 1 << 20}));
    EXPECT_EQ(settings.record.interval_ms, 10u);
    EXPECT_FALSE(settings.gate.growth);
}

TEST(SettingsOfEnvironment, BadValuesAreRefusedByName) {
    for (const char* text : {"many", "0", "101", "99999999999999999999999", "-1"}) {
        try {
            of_environment({{"HEAPDRIFT_GATE_RUNS", text}});
            ADD_FAILURE() << text;
        } catch (const UsageFailure& failure) {
            EXPECT_EQ(std::string(failure.what()),
                      std::string("HEAPDRIFT_GATE_RUNS=") + text +
                          ": a whole number from 1 to 100 is expected");
        }
    }
}

TEST(Settings, EachValueComesFromTheFirstThatHasIt) {
    model::Settings flag;
    flag.gate.runs = 1;
    model::Settings environment;
    environment.gate.runs = 2;
    environment.gate.confirm = 2;
    model::Settings project = parsed("[gate]\nruns = 3\nconfirm = 3\nstrict = true");
    const model::Settings all = model::overlay(flag, model::overlay(environment, project));
    EXPECT_EQ(all.gate.runs, 1u);
    EXPECT_EQ(all.gate.confirm, 2u);
    EXPECT_EQ(all.gate.strict, true);
}

class SettingsSearch : public testing::Test {
protected:
    SettingsSearch() {
        std::filesystem::create_directories(folder_.path() + "/repository/.git");
        std::filesystem::create_directories(folder_.path() + "/repository/a/b");
        folder_.write("heapdrift.toml", "schema = 1");
    }
    process::TemporaryDirectory folder_;
};

TEST_F(SettingsSearch, EndsAtTheRepositorysRoot) {
    const std::string inside = folder_.path() + "/repository/a/b";
    EXPECT_FALSE(find_project_settings(inside));
    folder_.write("repository/heapdrift.toml", "schema = 1");
    EXPECT_EQ(find_project_settings(inside), folder_.path() + "/repository/heapdrift.toml");
    folder_.write("repository/a/heapdrift.toml", "schema = 1");
    EXPECT_EQ(find_project_settings(inside), folder_.path() + "/repository/a/heapdrift.toml");
}

TEST_F(SettingsSearch, OutsideOfARepositoryOnlyTheFolderCounts) {
    std::filesystem::create_directories(folder_.path() + "/plain/c");
    EXPECT_FALSE(find_project_settings(folder_.path() + "/plain/c"));
    folder_.write("plain/c/heapdrift.toml", "schema = 1");
    EXPECT_TRUE(find_project_settings(folder_.path() + "/plain/c"));
}

TEST_F(SettingsSearch, UsersSettingsFollowTheStandard) {
    std::filesystem::create_directories(folder_.path() + "/.config/heapdrift");
    std::filesystem::create_directories(folder_.path() + "/xdg/heapdrift");
    const std::string plain = folder_.write(".config/heapdrift/config.toml", "schema = 1");
    const std::string chosen = folder_.write("xdg/heapdrift/config.toml", "schema = 1");
    const std::string home = folder_.path();
    const std::string xdg = folder_.path() + "/xdg";
    const auto with = [&](const char* config_home) {
        return find_user_settings([&, config_home](const char* name) {
            return std::string(name) == "HOME" ? home.c_str() : config_home;
        });
    };
    EXPECT_EQ(with(nullptr), plain);
    EXPECT_EQ(with("relative"), plain) << "a relative path is to be ignored";
    EXPECT_EQ(with(xdg.c_str()), chosen);
}

}  // namespace
}  // namespace heapdrift::input
