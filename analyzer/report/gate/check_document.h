// What the writers of `heapdrift check` are given.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/model/gate/gate.h"
#include "analyzer/model/suppression.h"
#include "analyzer/report/gate/source_places.h"

namespace heapdrift::report {

// Exit codes of `check` besides the program's own.
inline constexpr int kLeakExit = 23;
inline constexpr int kBudgetExit = 24;

struct CheckDocument {
    model::GateVerdict verdict;
    model::GateOptions options;
    std::vector<model::FoundProcess> processes;
    std::vector<model::SuppressionRule> suppressions;  // with their hits
    SourcePlaces places;
    std::string baseline_path;
    bool has_baseline = false;
    std::vector<std::string> command;  // that was run; empty where recordings were judged
    std::optional<int> program_exit;   // of the run that failed, else of the last one
    int exit_code = 0;

    bool program_failed() const { return program_exit.value_or(0) != 0; }
};

// Sentences that several writers have.
// "leak: 90.0 KiB in 90 blocks lost"
std::string leak_text(const model::JudgedLeak& leak);
// Why it is reported, or why not: "not in the baseline", "in the baseline with …", …
std::string reason_text(const model::JudgedLeak& leak, const model::GateOptions& options);
std::string budget_sentence(const model::JudgedBudget& budget);
std::string figure_sentence(const model::JudgedFigure& figure);
std::string vanished_text(const model::BaselineLeak& leak);
// What could not be judged, one sentence each.
std::vector<std::string> gaps(const CheckDocument& document);
// "2 new leaks, 1 broken budget", "no new leaks, all budgets kept"
std::string verdict_text(const CheckDocument& document);
// "3 new leaks", …: with its plural.
std::string count_text(size_t count, const char* noun);

// The rule that a result falls under, as SARIF and the text's brackets name it.
struct CheckRule {
    const char* id;
    const char* title;
    const char* description;
    const char* help;
};
enum class RuleIndex { lost, growth, grown, budget, figure };
const CheckRule& rule(RuleIndex index);
inline constexpr size_t kCheckRules = 5;
RuleIndex rule_of(const model::JudgedLeak& leak);

}  // namespace heapdrift::report
