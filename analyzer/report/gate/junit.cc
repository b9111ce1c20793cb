// There is no standard; this is the part that Jenkins' schema, GitLab and GitHub's actions agree
// on. GitLab ignores the message of a failure, so that the text says everything, and tells test
// cases apart by class and name.
#include <fmt/format.h>

#include <functional>

#include "analyzer/report/gate/writers.h"

namespace heapdrift::report {

namespace {

// XML 1.0 has no way to write most control characters, and demands UTF-8.
std::string xml(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '&')
            escaped += "&amp;";
        else if (c == '<')
            escaped += "&lt;";
        else if (c == '>')
            escaped += "&gt;";
        else if (c == '"')
            escaped += "&quot;";
        else if ((c >= ' ' && c <= '~') || c == '\n' || c == '\t')
            escaped += c;
        else
            escaped += '?';
    }
    return escaped;
}

struct Case {
    std::string group;
    std::string name;
    std::string failure = {};  // "" for none
    std::string skipped = {};
    std::string type = {};
    std::string out = {};
};

std::string stack_text(const CheckDocument& document, const model::JudgedLeak& leak) {
    std::string text;
    for (const model::Frame& frame : leak.found.frames) {
        const auto place = document.places.of(frame);
        text += fmt::format("\n    {}{}", function_text(frame),
                            place ? fmt::format(" at {}:{}", place->file, place->line)
                            : frame.module.empty() ? ""
                                                   : " in " + model::base_name(frame.module));
    }
    return text;
}

Case leak_case(const CheckDocument& document, const model::JudgedLeak& leak) {
    Case made;
    const model::LeakIdentity& identity = leak.found.identity;
    made.group = "heapdrift.leaks";
    made.name = fmt::format("{} [{}]", identity.stack.front(), identity.id());
    made.type = rule(rule_of(leak)).id;
    const std::string text =
        fmt::format("{}; {}", leak_text(leak), reason_text(leak, document.options));
    if (leak.level == model::Level::error)
        made.failure = text + stack_text(document, leak);
    else if (leak.state == model::LeakState::suppressed)
        made.skipped = text;
    else
        made.out = text;
    return made;
}

Case plain_case(const char* group, const std::string& name, model::Level level, RuleIndex index,
                const std::string& text) {
    Case made{.group = group, .name = name, .type = rule(index).id};
    (level == model::Level::error ? made.failure : made.out) = text;
    return made;
}

std::vector<Case> cases_of(const CheckDocument& document) {
    std::vector<Case> cases;
    for (const model::JudgedLeak& leak : document.verdict.leaks)
        cases.push_back(leak_case(document, leak));
    for (const model::JudgedBudget& budget : document.verdict.budgets)
        cases.push_back(plain_case(
            "heapdrift.budgets",
            fmt::format("{}: {}", budget.program,
                        budget.budget.name.empty() ? budget_text(budget.budget)
                                                   : fmt::format("{} ({})", budget.budget.name,
                                                                 budget_text(budget.budget))),
            budget.level, RuleIndex::budget, budget_sentence(budget)));
    for (const model::JudgedFigure& figure : document.verdict.figures)
        cases.push_back(
            plain_case("heapdrift.figures",
                       fmt::format("{}: {}", figure.program, model::metric_name(figure.metric)),
                       figure.level, RuleIndex::figure, figure_sentence(figure)));
    // A gate without any case would be read as a report that is missing.
    if (cases.empty())
        cases.push_back({.group = "heapdrift.leaks", .name = "no leaks", .out = "nothing leaks"});
    return cases;
}

void write_case(std::ostream& out, const Case& each) {
    out << fmt::format(R"(  <testcase classname="{}" name="{}" time="0")", xml(each.group),
                       xml(each.name));
    if (!each.failure.empty()) {
        const std::string first = each.failure.substr(0, each.failure.find('\n'));
        out << fmt::format(">\n   <failure type=\"{}\" message=\"{}\">{}</failure>\n",
                           xml(each.type), xml(first), xml(each.failure));
    } else if (!each.skipped.empty()) {
        out << fmt::format(">\n   <skipped message=\"{}\"/>\n", xml(each.skipped));
    } else if (!each.out.empty()) {
        out << fmt::format(">\n   <system-out>{}</system-out>\n", xml(each.out));
    } else {
        out << "/>\n";
        return;
    }
    out << "  </testcase>\n";
}

}  // namespace

void write_check_junit(std::ostream& out, const CheckDocument& document) {
    const std::vector<Case> cases = cases_of(document);
    size_t failures = 0;
    size_t skipped = 0;
    for (const Case& each : cases) {
        failures += each.failure.empty() ? 0 : 1;
        skipped += each.skipped.empty() ? 0 : 1;
    }
    double seconds = 0;
    for (const model::FoundProcess& process : document.processes) seconds += process.seconds;
    out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        << fmt::format(
               "<testsuites name=\"heapdrift\" tests=\"{0}\" failures=\"{1}\" errors=\"0\" "
               "time=\"{2:.3f}\">\n <testsuite name=\"heapdrift\" tests=\"{0}\" failures=\"{1}\" "
               "errors=\"0\" skipped=\"{3}\" time=\"{2:.3f}\">\n",
               cases.size(), failures, seconds, skipped);
    for (const Case& each : cases) write_case(out, each);
    out << " </testsuite>\n</testsuites>\n";
}

}  // namespace heapdrift::report
