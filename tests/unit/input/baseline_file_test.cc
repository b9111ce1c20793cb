#include "analyzer/input/baseline_file.h"

#include <gtest/gtest.h>

#include <sstream>

#include "analyzer/model/failure.h"
#include "analyzer/report/gate/writers.h"

namespace heapdrift::input {
namespace {

std::string message_of(const std::string& text) {
    try {
        parse_baseline(text, "known.json");
    } catch (const UsageFailure& failure) {
        return failure.what();
    }
    return "accepted";
}

model::Baseline some_baseline() {
    model::Baseline baseline;
    baseline.figures.push_back({"tests", model::Metric::peak, {10, 20}});
    for (const char* function : {"put", "get \"it\"\\"}) {
        model::BaselineLeak leak;
        leak.identity = {Domain::heap, {std::string(function) + " (tests)", "main (tests)"}};
        leak.blocks = 3;
        leak.bytes = 300;
        leak.programs = {"tests"};
        baseline.leaks.push_back(leak);
    }
    model::sort(baseline);
    return baseline;
}

std::string written(const model::Baseline& baseline) {
    std::ostringstream out;
    report::write_baseline(out, baseline);
    return out.str();
}

TEST(BaselineFile, ReadsWhatIsWritten) {
    const model::Baseline baseline = some_baseline();
    EXPECT_EQ(parse_baseline(written(baseline), "known.json"), baseline);
    EXPECT_EQ(parse_baseline(written({}), "known.json"), model::Baseline());
}

TEST(BaselineFile, EachEntryIsALineOfItsOwn) {
    model::Baseline baseline = some_baseline();
    const std::string before = written(baseline);
    baseline.leaks.pop_back();
    const std::string after = written(baseline);
    EXPECT_EQ(std::ranges::count(before, '\n'), std::ranges::count(after, '\n') + 1);
}

TEST(BaselineFile, BadFilesAreRefusedByLineAndExpectation) {
    const std::string id = some_baseline().leaks[1].identity.id();
    const std::string entry =
        R"({"id": ")" + id +
        R"x(", "stack": ["put (tests)", "main (tests)"], "domain": "heap", "kind": "lost", )x"
        R"("blocks": 3, "bytes": 300, "programs": ["tests"]})";
    const auto with = [&](const std::string& from, const std::string& to) {
        std::string changed = entry;
        changed.replace(changed.find(from), from.size(), to);
        return "{\n \"schema\": 1,\n \"leaks\": [\n  " + changed + "\n ]\n}\n";
    };
    ASSERT_EQ(message_of(with(id, id)), "accepted");
    const std::pair<std::string, std::string> kCases[] = {
        {"", "known.json:1: this is no JSON: "},
        {"{\n \"schema\": 1,\n \"leaks\": [\n  {\"id\"\n]}", "known.json:5: this is no JSON: "},
        {"{\n<<<<<<< ours\n", "known.json:2: a merge is not finished"},
        {"[]", "known.json:1: an object with \"schema\" and \"leaks\" is expected"},
        {"{}", "known.json:1: \"schema\": 1 is expected"},
        {"{\"schema\": \"1\"}", "known.json:1: \"schema\": 1 is expected"},
        {"{\"schema\": 2}", "known.json:1: schema 2 is of a later version"},
        {"{\"schema\": 1, \"leak\": []}", "known.json:1: \"leak\" is no key here"},
        {"{\"schema\": 1, \"leaks\": {}}", "known.json:1: \"leaks\": an array is expected"},
        {"{\"schema\": 1,\n\"leaks\": [\n\n7]}", "known.json:1: \"leaks\": an object is expected"},
        {"{\"schema\": 1,\n\"leaks\": [\n{}]}", "known.json:3: \"stack\": an array of strings"},
        {with("\"heap\"", "\"head\""), "known.json:4: \"domain\": one of heap, mapping"},
        {with("\"lost\"", "3"), "known.json:4: \"kind\": one of growth, lost"},
        {with("300", "-300"), "known.json:4: \"bytes\": a whole number is expected"},
        {with("300", "3.5"), "known.json:4: \"bytes\": a whole number is expected"},
        {with("[\"tests\"]", "[]"), "known.json:4: \"programs\": an array of strings"},
        {with("put (tests)", "gut (tests)"), "known.json:4: \"id\": "},
        {with("\"id\"", "\"idd\""), "known.json:4: \"idd\" is no key here"},
        {"{\"schema\": 1, \"leaks\": [\n" + entry + ",\n" + entry + "]}",
         "known.json:3: leak " + id + " stands here twice"},
        {"{\"schema\": 1, \"figures\": [\n{\"program\": \"a\", \"metric\": \"peek\"}]}",
         "known.json:2: \"metric\": one of peak, live_at_end, allocations is expected"},
        {"{\"schema\": 1, \"figures\": [\n{\"program\": \"a\", \"metric\": \"peak\"}]}",
         "known.json:2: \"values\": an array of whole numbers is expected"},
        {"{\"schema\": 1, \"figures\": [{\"program\": 5}]}",
         "known.json:1: \"program\": a string is expected"},
    };
    for (const auto& [text, message] : kCases)
        EXPECT_EQ(message_of(text).substr(0, message.size()), message) << text;
}

TEST(BaselineFile, WithoutAFileNothingIsKnown) {
    EXPECT_FALSE(load_baseline("/nonexistent/baseline.json").exists);
    EXPECT_THROW(load_baseline("/"), Failure);
}

}  // namespace
}  // namespace heapdrift::input
