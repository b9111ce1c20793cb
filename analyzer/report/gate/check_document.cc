#include "analyzer/report/gate/check_document.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "analyzer/report/units.h"

namespace heapdrift::report {

namespace {

std::string amount_text(model::Metric metric, double amount) {
    const auto whole = static_cast<uint64_t>(std::llround(std::max(0.0, amount)));
    // Units are two in use: the plain number leaves no doubt about which.
    if (!model::counts_bytes(metric)) return format_count(whole);
    return whole < 10'240 ? format_bytes(whole)
                          : fmt::format("{} ({} bytes)", format_bytes(whole), format_count(whole));
}

std::string values_text(model::Metric metric, const std::vector<uint64_t>& values) {
    const auto [least, most] = std::ranges::minmax(values);
    const std::string text = amount_text(metric, static_cast<double>(most));
    if (least == most) return text;
    return fmt::format("{} to {} in {} runs", amount_text(metric, static_cast<double>(least)), text,
                       values.size());
}

}  // namespace

std::string count_text(size_t count, const char* noun) {
    return fmt::format("{} {}{}", count == 0 ? "no" : format_count(count), noun,
                       count == 1                              ? ""
                       : std::string_view(noun).ends_with('s') ? "es"
                                                               : "s");
}

std::string leak_text(const model::JudgedLeak& leak) {
    const std::string amount =
        fmt::format("{} in {}", format_bytes(leak.bytes()), count_text(leak.blocks(), "block"));
    const char* domain =
        leak.found.identity.domain == Domain::heap ? "" : domain_name(leak.found.identity.domain);
    if (leak.found.lost_blocks > 0 && domain_of_cuda(leak.found.identity.domain))
        return fmt::format("leak of {} memory, {}: host memory has no pointer to {} any more{}",
                           domain, amount, leak.blocks() == 1 ? "it" : "them",
                           leak.found.direct_blocks == 0 ? ", but for lost blocks" : "");
    if (leak.found.lost_blocks > 0)
        return fmt::format("leak of {}{}{}: nothing leads to {} any more{}", domain,
                           *domain == '\0' ? "" : " memory, ", amount,
                           leak.blocks() == 1 ? "it" : "them",
                           leak.found.direct_blocks == 0 ? ", but for other lost blocks" : "");
    return fmt::format("growth without end{}{}: {} live, score {:.2f}; {}",
                       *domain == '\0' ? "" : " of ", domain, amount, leak.found.growth_score,
                       leak.found.reading);
}

std::string reason_text(const model::JudgedLeak& leak, const model::GateOptions& options) {
    switch (leak.state) {
        case model::LeakState::suppressed:
            return fmt::format("suppressed by {}", leak.found.suppressed_by);
        case model::LeakState::grown:
            return fmt::format("in the baseline with {} in {}", format_bytes(leak.accepted->bytes),
                               count_text(leak.accepted->blocks, "block"));
        case model::LeakState::known:
            return "in the baseline";
        case model::LeakState::fresh:
            break;
    }
    if (leak.found.lost_blocks > 0 || leak.level == model::Level::error)
        return "not in the baseline";
    if (options.growth == model::GrowthPolicy::warn) return "growth only warns (growth = \"warn\")";
    return fmt::format("not in the baseline; too unsure to fail, which needs {:.2f} in each run",
                       options.min_score);
}

std::string budget_sentence(const model::JudgedBudget& judged) {
    const model::Budget& budget = judged.budget;
    std::string text = fmt::format("{}: {}", judged.program, model::budget_text(budget));
    if (!judged.unknown.empty())
        return text + fmt::format(" could not be measured: {}", judged.unknown);
    text += fmt::format(
        " {} {}; the limit is {}",
        budget.metric == model::Metric::peak || budget.metric == model::Metric::growth ? "is"
                                                                                       : "are",
        values_text(budget.metric, judged.values),
        amount_text(budget.metric, static_cast<double>(budget.limit)));
    if (judged.noise)
        text += judged.values.size() > 1 ? " (~ within the noise of the runs)"
                                         : fmt::format(" (~ it may be {} less in another run)",
                                                       format_bytes(judged.slack));
    if (!budget.message.empty() && judged.level != model::Level::pass)
        text += ". " + budget.message;
    return text;
}

std::string figure_sentence(const model::JudgedFigure& figure) {
    const model::RunComparison& comparison = figure.comparison;
    constexpr const char* kWords[] = {"peak", "live bytes at the end", "allocations"};
    std::string text =
        fmt::format("{}: {} {} -> {}", figure.program, kWords[static_cast<size_t>(figure.metric)],
                    amount_text(figure.metric, comparison.before),
                    amount_text(figure.metric, comparison.after));
    if (comparison.change == model::Change::none) return text + ", unchanged";
    if (comparison.change == model::Change::noise)
        text += ", ~ within noise";
    else if (comparison.before > 0)
        text += fmt::format(", {:+.1f} %", 100 * comparison.difference() / comparison.before);
    if (comparison.p) text += fmt::format(" (p={:.3f})", *comparison.p);
    if (figure.level == model::Level::error)
        text += fmt::format(", more than the {} allowed",
                            amount_text(figure.metric, figure.failing.allowed(comparison.before)));
    return text;
}

std::string vanished_text(const model::BaselineLeak& leak) {
    return fmt::format("{} leaks no more ({}); heapdrift baseline prune drops it",
                       leak.identity.stack.front(), leak.identity.id());
}

std::vector<std::string> gaps(const CheckDocument& document) {
    std::set<std::string> texts;
    for (const model::FoundProcess& process : document.processes) {
        // What goes on as another program has not lost anything yet.
        if (!process.scanned() && !process.went_on)
            texts.insert(fmt::format("{}: {}", process.program, process.not_scanned));
        if (process.dropped > 0)
            texts.insert(fmt::format("{}: {} allocations were dropped, so figures are too low",
                                     process.program, format_count(process.dropped)));
    }
    for (const model::Budget& budget : document.verdict.idle_budgets)
        texts.insert(fmt::format("{}: no program of this run has the name '{}'", budget.origin,
                                 budget.match.empty() ? "*" : budget.match));
    return {texts.begin(), texts.end()};
}

std::string verdict_text(const CheckDocument& document) {
    size_t errors = 0;
    size_t warnings = 0;
    size_t known = 0;
    size_t suppressed = 0;
    for (const model::JudgedLeak& leak : document.verdict.leaks) {
        errors += leak.level == model::Level::error ? 1 : 0;
        warnings += leak.level == model::Level::warning ? 1 : 0;
        known += leak.state == model::LeakState::known ? 1 : 0;
        suppressed += leak.state == model::LeakState::suppressed ? 1 : 0;
    }
    size_t broken = 0;
    for (const model::JudgedBudget& budget : document.verdict.budgets)
        broken += budget.level == model::Level::error ? 1 : 0;
    for (const model::JudgedFigure& figure : document.verdict.figures)
        broken += figure.level == model::Level::error ? 1 : 0;
    std::string text = count_text(errors, errors > 0 ? "leak" : "new leak");
    if (broken > 0)
        text += ", " + count_text(broken, "broken budget");
    else if (!document.verdict.budgets.empty() || !document.verdict.figures.empty())
        text += ", budgets kept";
    if (warnings > 0) text += fmt::format(", {}", count_text(warnings, "warning"));
    if (known > 0) text += fmt::format(", {} known", known);
    if (suppressed > 0) text += fmt::format(", {} suppressed", suppressed);
    if (!document.verdict.vanished.empty())
        text += fmt::format(", {} gone", document.verdict.vanished.size());
    return text;
}

const CheckRule& rule(RuleIndex index) {
    static constexpr std::array<CheckRule, kCheckRules> kRules = {
        {{"leak-lost", "Memory is lost",
          "When the program ended, no pointer led to these blocks any more, so that nothing could "
          "have freed them. CUDA's memory is looked for in host memory alone.",
          "Free the memory where it is last used, or give it an owner that does. Where it is meant "
          "to be so, accept it with 'heapdrift baseline update' or a suppression."},
         {"leak-growth", "Memory grows without end",
          "Blocks of this call stack outlive what it usually allocates, do not die, and more keep "
          "coming.",
          "Bound the container or cache that keeps them. 'heapdrift leaks FILE --explain N' shows "
          "the evidence."},
         {"leak-grown", "A known leak is larger",
          "The baseline has this leak with less memory than it lost now, by more than the "
          "tolerance.",
          "Look for what made it larger, or accept it with 'heapdrift baseline update'."},
         {"budget", "A memory budget is broken",
          "A process used more than a budget of heapdrift.toml or the command line allows.",
          "Use less memory, or raise the limit where that is right."},
         {"figure", "Memory use has risen",
          "A process used more than the baseline says, by more than the tolerance, and the runs "
          "tell it apart from noise.",
          "Use less memory, or accept it with 'heapdrift baseline update'."}}};
    return kRules[static_cast<size_t>(index)];
}

RuleIndex rule_of(const model::JudgedLeak& leak) {
    if (leak.state == model::LeakState::grown) return RuleIndex::grown;
    return leak.found.lost_blocks > 0 ? RuleIndex::lost : RuleIndex::growth;
}

}  // namespace heapdrift::report
