#include "analyzer/model/gate/gate.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace heapdrift::model {

namespace {

size_t run_count(const std::vector<FoundProcess>& processes) {
    size_t runs = 0;
    for (const FoundProcess& process : processes) runs = std::max(runs, process.run + 1);
    return runs;
}

// One leak in all processes that have it.
struct Occurrences {
    std::vector<std::pair<const FoundProcess*, const FoundLeak*>> all;
};

std::map<LeakIdentity, Occurrences> by_identity(const std::vector<FoundProcess>& processes) {
    std::map<LeakIdentity, Occurrences> leaks;
    for (const FoundProcess& process : processes)
        for (const FoundLeak& leak : process.leaks)
            leaks[leak.identity].all.emplace_back(&process, &leak);
    return leaks;
}

bool is_larger(const FoundLeak& a, const FoundLeak& b) {
    return std::tuple(a.lost_bytes, a.lost_blocks, a.growth_score, a.live_bytes) >
           std::tuple(b.lost_bytes, b.lost_blocks, b.growth_score, b.live_bytes);
}

// The least of the scores that the runs gave it, of those that could judge growth at all.
double least_growth_score(const std::vector<FoundProcess>& processes, const Occurrences& leak,
                          const std::set<std::string>& programs, size_t first_run) {
    std::map<size_t, double> of_run;
    for (const FoundProcess& process : processes)
        if (process.run >= first_run && process.growth_judged() &&
            programs.contains(process.program))
            of_run.emplace(process.run, 0);
    for (const auto& [process, found] : leak.all)
        if (const auto run = of_run.find(process->run); run != of_run.end())
            run->second = std::max(run->second, found->growth_score);
    if (of_run.empty()) return 0;
    return std::ranges::min_element(of_run, {}, [](const auto& run) { return run.second; })->second;
}

// With few snapshots, or in a short time, no score is higher than the cap: another run must be
// recorded closer, and by operations.
bool is_suspicious(const FoundProcess& process, const FoundLeak& leak) {
    return leak.growth_score >= (process.growth_judged() ? kLeakScore : kFewSnapshotsCap - 0.05);
}

// Which of its occurrences to show: those of the runs that judge growth are the same every time,
// but that they have no clock to tell a rate by.
void describe(JudgedLeak& leak, const Occurrences& occurrences, size_t first_confirming_run) {
    const auto confirms = [&](const auto& each) {
        return first_confirming_run > 0 && each.first->run >= first_confirming_run;
    };
    const bool confirmed = std::ranges::any_of(occurrences.all, confirms);
    bool first = true;
    const FoundLeak* timed = nullptr;
    for (const auto& each : occurrences.all) {
        const FoundLeak& found = *each.second;
        if (!confirms(each) && (timed == nullptr || is_larger(found, *timed))) timed = &found;
        if (confirmed && !confirms(each)) continue;
        if (first || is_larger(found, leak.found)) leak.found = found;
        first = false;
    }
    if (confirmed)
        leak.found.bytes_per_second = timed == nullptr ? Slope{} : timed->bytes_per_second;
}

Level level_of_growth(const JudgedLeak& leak, const GateOptions& options) {
    if (options.growth == GrowthPolicy::fail && leak.suspected &&
        leak.least_score >= options.min_score)
        return Level::error;
    return Level::warning;
}

void judge_leak(JudgedLeak& leak, const Baseline& baseline, const GateOptions& options) {
    const bool lost = leak.found.lost_blocks > 0;
    const Level if_new = lost ? Level::error : level_of_growth(leak, options);
    if (!leak.found.suppressed_by.empty()) {
        leak.state = LeakState::suppressed;
        return;
    }
    const BaselineLeak* accepted = baseline.find(leak.found.identity);
    if (accepted == nullptr) {
        leak.state = LeakState::fresh;
        leak.level = if_new;
        return;
    }
    leak.accepted = *accepted;
    leak.state = LeakState::known;
    if (lost) {
        const auto before = static_cast<double>(accepted->bytes);
        const double more = static_cast<double>(leak.bytes()) - before;
        if (more > options.fail.allowed(before))
            leak.level = Level::error;
        else if (more > options.warn.allowed(before))
            leak.level = Level::warning;
        if (leak.level != Level::pass) leak.state = LeakState::grown;
    }
    if (options.fail_on == FailOn::any_leak) leak.level = std::max(leak.level, if_new);
}

std::vector<JudgedLeak> judge_leaks(const std::vector<FoundProcess>& processes,
                                    const Baseline& baseline, const GateOptions& options) {
    std::vector<JudgedLeak> judged;
    for (const auto& [identity, occurrences] : by_identity(processes)) {
        JudgedLeak leak;
        describe(leak, occurrences, options.first_confirming_run);
        std::set<size_t> runs;
        double most = 0;
        for (const auto& [process, found] : occurrences.all) {
            leak.programs.insert(process->program);
            runs.insert(process->run);
            most = std::max(most, found->growth_score);
        }
        const bool grows = options.growth != GrowthPolicy::ignore && most >= kLeakScore;
        if (leak.found.lost_blocks == 0 && !grows) continue;
        leak.processes = occurrences.all.size();
        leak.runs = runs.size();
        leak.suspected = options.first_confirming_run == 0 ||
                         std::ranges::any_of(occurrences.all, [&](const auto& each) {
                             return each.first->run < options.first_confirming_run &&
                                    is_suspicious(*each.first, *each.second);
                         });
        leak.least_score =
            least_growth_score(processes, occurrences, leak.programs, options.first_confirming_run);
        judge_leak(leak, baseline, options);
        judged.push_back(std::move(leak));
    }
    std::ranges::sort(judged, {}, [](const JudgedLeak& leak) {
        return std::tuple(-static_cast<int>(leak.level), leak.state, ~leak.bytes(),
                          leak.found.identity);
    });
    return judged;
}

struct BudgetReadings {
    std::map<size_t, uint64_t> of_run;  // the process that had most
    uint64_t slack = 0;
    std::string unknown;
};

Level level_of_budget(JudgedBudget& judged) {
    const uint64_t limit = judged.budget.limit;
    const auto [least, most] = std::ranges::minmax(judged.values);
    if (most <= limit) return Level::pass;
    if (least > limit && least - limit > judged.slack) return Level::error;
    judged.noise = true;
    return Level::warning;
}

void judge_budget(const std::vector<FoundProcess>& processes, const Budget& budget, size_t index,
                  GateVerdict& verdict) {
    std::map<std::string, BudgetReadings> of_program;
    bool measured = false;
    for (const FoundProcess& process : processes) {
        if (index >= process.budgets.size()) continue;
        const Measure& measure = process.budgets[index];
        if (!measure.value && measure.unknown.empty()) continue;
        BudgetReadings& readings = of_program[process.program];
        if (!measure.value) {
            readings.unknown = measure.unknown;
            continue;
        }
        measured = true;
        uint64_t& most = readings.of_run[process.run];
        most = std::max(most, *measure.value);
        readings.slack = std::max(readings.slack, measure.slack);
    }
    if (of_program.empty()) verdict.idle_budgets.push_back(budget);
    for (const auto& [program, readings] : of_program) {
        JudgedBudget judged{.budget = budget, .program = program, .slack = readings.slack};
        for (const auto& [run, value] : readings.of_run) judged.values.push_back(value);
        if (!judged.values.empty()) {
            judged.level = level_of_budget(judged);
            verdict.budgets.push_back(judged);
            continue;
        }
        // Labels are set by the one process that they are about; its helpers have none.
        if (budget.metric == Metric::growth && measured) continue;
        judged.unknown = readings.unknown;
        judged.level = budget.metric == Metric::growth ? Level::error : Level::warning;
        verdict.budgets.push_back(judged);
    }
}

std::vector<JudgedFigure> judge_figures(const std::vector<FoundProcess>& processes,
                                        const Baseline& baseline, const GateOptions& options) {
    std::vector<JudgedFigure> judged;
    for (const BaselineFigure& accepted : baseline.figures) {
        const std::vector<uint64_t> after =
            figures_of_runs(processes, accepted.program, accepted.metric);
        if (after.empty()) continue;
        JudgedFigure figure{.program = accepted.program,
                            .metric = accepted.metric,
                            .before = accepted.values,
                            .after = after};
        figure.comparison = compare_runs(figure.before, figure.after);
        const bool bytes = counts_bytes(accepted.metric);
        const Tolerance& warn = bytes ? options.warn : options.warn_allocations;
        figure.failing = bytes ? options.fail : options.fail_allocations;
        if (figure.comparison.change == Change::higher) {
            const double more = figure.comparison.difference();
            if (more > figure.failing.allowed(figure.comparison.before))
                figure.level = Level::error;
            else if (more > warn.allowed(figure.comparison.before))
                figure.level = Level::warning;
        }
        judged.push_back(std::move(figure));
    }
    return judged;
}

// Whether the runs would have found the leak, if it were still there.
bool could_be_seen(const std::vector<FoundProcess>& processes, const BaselineLeak& leak) {
    bool ran = false;
    for (const FoundProcess& process : processes) {
        if (process.went_on || !std::ranges::binary_search(leak.programs, process.program))
            continue;
        ran = true;
        if (leak.kind == LeakKind::growth ? !process.growth_judged() : !process.scanned())
            return false;
    }
    return ran;
}

bool grows_beyond_baseline(const std::vector<FoundProcess>& processes, const Baseline& baseline,
                           const GateOptions& options) {
    if (options.growth != GrowthPolicy::fail) return false;
    return std::ranges::any_of(processes, [&](const FoundProcess& process) {
        return std::ranges::any_of(process.leaks, [&](const FoundLeak& leak) {
            return leak.lost_blocks == 0 && leak.suppressed_by.empty() &&
                   is_suspicious(process, leak) &&
                   (options.fail_on == FailOn::any_leak || baseline.find(leak.identity) == nullptr);
        });
    });
}

bool breaks_budget_by_timing(const std::vector<FoundProcess>& processes,
                             const std::vector<Budget>& budgets) {
    return std::ranges::any_of(processes, [&](const FoundProcess& process) {
        for (size_t i = 0; i < std::min(budgets.size(), process.budgets.size()); ++i) {
            const Measure& measure = process.budgets[i];
            if (measure.of_timing && measure.value && *measure.value > budgets[i].limit)
                return true;
        }
        return false;
    });
}

}  // namespace

const char* level_name(Level level) {
    constexpr const char* kNames[] = {"pass", "note", "warning", "error"};
    return kNames[static_cast<size_t>(level)];
}

const char* leak_state_name(LeakState state) {
    constexpr const char* kNames[] = {"new", "grown", "known", "suppressed"};
    return kNames[static_cast<size_t>(state)];
}

std::vector<uint64_t> figures_of_runs(const std::vector<FoundProcess>& processes,
                                      const std::string& program, Metric metric) {
    std::map<size_t, uint64_t> of_run;
    for (const FoundProcess& process : processes) {
        const auto figure = process.figures.find(metric);
        if (process.program != program || figure == process.figures.end()) continue;
        uint64_t& most = of_run[process.run];
        most = std::max(most, figure->second);
    }
    std::vector<uint64_t> values;
    for (const auto& [run, value] : of_run) values.push_back(value);
    return values;
}

GateVerdict judge(const std::vector<FoundProcess>& processes, const Baseline& baseline,
                  const std::vector<Budget>& budgets, const GateOptions& options) {
    GateVerdict verdict;
    verdict.runs = run_count(processes);
    verdict.leaks = judge_leaks(processes, baseline, options);
    for (size_t i = 0; i < budgets.size(); ++i) judge_budget(processes, budgets[i], i, verdict);
    verdict.figures = judge_figures(processes, baseline, options);
    const std::map<LeakIdentity, Occurrences> found = by_identity(processes);
    for (const BaselineLeak& leak : baseline.leaks)
        if (!found.contains(leak.identity) && could_be_seen(processes, leak))
            verdict.vanished.push_back(leak);

    const auto is_error = [](const auto& judged) { return judged.level == Level::error; };
    verdict.leaks_fail = std::ranges::any_of(verdict.leaks, is_error);
    verdict.budgets_fail = std::ranges::any_of(verdict.budgets, is_error) ||
                           std::ranges::any_of(verdict.figures, is_error) ||
                           (options.strict && !verdict.vanished.empty());
    if (options.fail_on == FailOn::never) verdict.leaks_fail = verdict.budgets_fail = false;
    return verdict;
}

bool has_suspects(const std::vector<FoundProcess>& processes, const Baseline& baseline,
                  const std::vector<Budget>& budgets, const GateOptions& options) {
    if (options.fail_on == FailOn::never) return false;
    return grows_beyond_baseline(processes, baseline, options) ||
           breaks_budget_by_timing(processes, budgets);
}

}  // namespace heapdrift::model
