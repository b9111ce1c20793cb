// The readers of heapdrift.toml, of the baseline and of suppressions on arbitrary bytes. Entry
// point of libFuzzer and of mutate_main.cc.
#include <cstdint>
#include <sstream>
#include <string_view>

#include "analyzer/input/baseline_file.h"
#include "analyzer/input/settings_file.h"
#include "analyzer/model/failure.h"
#include "analyzer/model/suppression.h"
#include "analyzer/report/gate/writers.h"
#include "tests/fuzz/seeds.h"

namespace {

constexpr std::string_view kSettings =
    "schema = 1\n[record]\ninterval = \"1s\"\ndepth = 64\nscan = false\n[report]\n"
    "source_root = \".\"\nproject_frames = [\"src/*\"]\n[gate]\nsuppressions = [\"a\"]\n"
    "min_score = 0.9\nruns = 3\nstrict = true\nfail_on = \"never\"\n[tolerance]\n"
    "warn = [\"10%\", \"5 MiB\"]\n[[budget]]\nmetric = \"growth\"\nfrom = \"a\"\nto = \"b\"\n"
    "limit = \"1 kB\"\n";
constexpr std::string_view kBaseline =
    "{\n \"schema\": 1,\n \"figures\": [\n"
    "  {\"program\": \"tests\", \"metric\": \"peak\", \"values\": [1, 2]}\n ],\n \"leaks\": [\n"
    "  {\"id\": \"0000000000000000\", \"stack\": [\"f (m)\"], \"domain\": \"heap\", "
    "\"kind\": \"lost\", \"blocks\": 1, \"bytes\": 2, \"programs\": [\"tests\"]}\n ]\n}\n";

constexpr std::string_view kRules =
    "# known\nleak:^cache_*put$\nrace:other\n{\n known\n Memcheck:Leak\n"
    " match-leak-kinds: definite\n fun:operator new*\n ...\n obj:*/lib?.so*\n src:cache.cc:42\n"
    " ...\n}\n";

void try_suppressions(std::string_view text) {
    using namespace heapdrift;
    const std::vector<model::Frame> stack = {
        {.function = "cache_put(int)", .file = "/src/cache.cc", .line = 42, .module = "/lib/a.so"},
        {.function = "serve", .file = "", .module = "/bin/server"},
        {.function = "", .file = "", .module = "/bin/server"}};
    for (const model::SuppressionRule& rule : model::parse_suppressions(text, "fuzz.supp")) {
        if (rule.origin.find(':') == std::string::npos) __builtin_trap();
        model::matches(rule, stack);
        model::matches(rule, {});
    }
}

}  // namespace

std::vector<std::vector<uint8_t>> heapdrift::testing::fuzz_seeds() {
    std::vector<std::vector<uint8_t>> seeds;
    for (const std::string_view text : {kSettings, kBaseline, kRules})
        seeds.emplace_back(text.begin(), text.end());
    // With the id that its stack has, so that whole files are read too.
    std::string whole(kBaseline);
    const model::LeakIdentity identity{Domain::heap, {"f (m)"}};
    whole.replace(whole.find("0000000000000000"), 16, identity.id());
    seeds.emplace_back(whole.begin(), whole.end());
    return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace heapdrift;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try {
        input::parse_settings(text, "fuzz.toml", "/folder");
    } catch (const UsageFailure&) {
        // What it is for.
    }
    try {
        const model::Baseline baseline = input::parse_baseline(text, "fuzz.json");
        std::ostringstream written;
        report::write_baseline(written, baseline);
        const model::Baseline again = input::parse_baseline(written.str(), "again.json");
        if (again.leaks.size() != baseline.leaks.size()) __builtin_trap();
    } catch (const UsageFailure&) {
        // What it is for.
    }
    try {
        try_suppressions(text);
    } catch (const UsageFailure&) {
        // What it is for.
    }
    return 0;
}
