#include "analyzer/model/gate/baseline_update.h"

#include <algorithm>

namespace heapdrift::model {

namespace {

void accept_leak(const JudgedLeak& leak, BaselineChange& change) {
    if (leak.state == LeakState::suppressed) return;
    std::vector<BaselineLeak>& leaks = change.baseline.leaks;
    auto entry = std::ranges::find(leaks, leak.found.identity, &BaselineLeak::identity);
    const bool is_new = entry == leaks.end();
    if (is_new) entry = leaks.insert(leaks.end(), {.identity = leak.found.identity});
    const BaselineLeak before = *entry;
    for (const std::string& program : leak.programs)
        if (std::ranges::find(entry->programs, program) == entry->programs.end())
            entry->programs.push_back(program);
    std::ranges::sort(entry->programs);
    if (is_new || leak.state == LeakState::grown) {
        entry->kind = leak.found.kind();
        entry->blocks = std::max(entry->blocks, leak.blocks());
        entry->bytes = std::max(entry->bytes, leak.bytes());
    }
    if (is_new)
        change.added.push_back(*entry);
    else if (*entry != before)
        change.raised.push_back(*entry);
}

bool has_figures(const Baseline& baseline, const std::string& program) {
    return std::ranges::find(baseline.figures, program, &BaselineFigure::program) !=
           baseline.figures.end();
}

void accept_figure(const FoundProcess& process, Metric metric,
                   const std::vector<FoundProcess>& processes, const GateOptions& options,
                   BaselineChange& change) {
    std::vector<uint64_t> values = figures_of_runs(processes, process.program, metric);
    if (values.size() > kMostRunsCompared)
        values.erase(values.begin(), values.end() - static_cast<std::ptrdiff_t>(kMostRunsCompared));
    std::ranges::sort(values);
    std::vector<BaselineFigure>& figures = change.baseline.figures;
    const auto entry = std::ranges::find_if(figures, [&](const BaselineFigure& figure) {
        return figure.program == process.program && figure.metric == metric;
    });
    if (entry == figures.end()) {
        figures.push_back({process.program, metric, values});
        ++change.figures_changed;
        return;
    }
    const RunComparison comparison = compare_runs(entry->values, values);
    const Tolerance& tolerance = counts_bytes(metric) ? options.warn : options.warn_allocations;
    const double difference = comparison.difference();
    const bool same =
        comparison.change == Change::none || comparison.change == Change::noise ||
        (difference < 0 ? -difference : difference) <= tolerance.allowed(comparison.before);
    // More runs than before say more, even where they say the same.
    if (same && values.size() <= entry->values.size()) return;
    entry->values = values;
    ++change.figures_changed;
}

}  // namespace

BaselineChange accept(const Baseline& baseline, const GateVerdict& verdict,
                      const std::vector<FoundProcess>& processes, const GateOptions& options,
                      bool figures) {
    BaselineChange change{.baseline = baseline};
    for (const JudgedLeak& leak : verdict.leaks) accept_leak(leak, change);
    std::set<std::string> done;
    for (const FoundProcess& process : processes) {
        if (!figures && !has_figures(baseline, process.program)) continue;
        if (!done.insert(process.program).second) continue;
        for (const Metric metric : kBaselineMetrics)
            accept_figure(process, metric, processes, options, change);
    }
    sort(change.baseline);
    return change;
}

BaselineChange prune(const Baseline& baseline, const GateVerdict& verdict) {
    BaselineChange change{.baseline = baseline, .removed = verdict.vanished};
    std::erase_if(change.baseline.leaks, [&](const BaselineLeak& leak) {
        return std::ranges::find(verdict.vanished, leak) != verdict.vanished.end();
    });
    sort(change.baseline);
    return change;
}

}  // namespace heapdrift::model
