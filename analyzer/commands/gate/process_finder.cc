#include "analyzer/commands/gate/process_finder.h"

#include <fmt/format.h>

#include <algorithm>

#include "analyzer/commands/suppression_options.h"
#include "analyzer/commands/view_options.h"
#include "analyzer/input/history_loader.h"
#include "analyzer/model/failure.h"
#include "analyzer/model/leak_ranking.h"
#include "analyzer/model/timing.h"

namespace heapdrift::commands {

namespace {

// A site with fewer live blocks has no growth to judge.
constexpr uint64_t kLeastLive = 3;

bool has_snapshot(const model::Profile& profile, const std::string& label) {
    return std::ranges::any_of(profile.snapshots, [&](const model::SnapshotInfo& snapshot) {
        return snapshot.label == label;
    });
}

model::Measure measure_between_labels(const model::Profile& end, const std::string& path,
                                      const model::Budget& budget, const NameOptions& names) {
    for (const std::string& label : {budget.from, budget.to})
        if (!has_snapshot(end, label))
            return {std::nullopt, 0, fmt::format("it has no snapshot labelled '{}'", label)};
    const auto load = [&](const std::string& label) {
        input::SessionAddress address = input::parse_session_address(path);
        address.point = label;
        return load_session(address, names, {}).profile;
    };
    return model::measure_growth(load(budget.from), load(budget.to), budget);
}

void measure_budgets(const model::Profile& end, const std::string& path, const FindOptions& options,
                     model::FoundProcess& process) {
    for (const model::Budget& budget : options.budgets) {
        if (!model::matches_program(budget.match, process.program))
            process.budgets.emplace_back();
        else if (budget.metric == model::Metric::growth)
            process.budgets.push_back(measure_between_labels(end, path, budget, options.names));
        else
            process.budgets.push_back(model::measure(end, budget));
    }
}

void find_growth(const std::string& path, const FindOptions& options,
                 model::FoundProcess& process) {
    input::LoadedHistory loaded = input::load_history(
        input::parse_session_address(path), {.domains = domain_may_leak, .least_live = kLeastLive});
    if (options.by_operations) model::take_operations_for_time(loaded.history);
    process.snapshots = loaded.history.points.size();
    if (process.snapshots < model::kLeastSnapshots) return;
    if (model::rank_leaks(loaded.history, model::kLikelyScore).empty()) return;
    name_addresses(loaded.session, options.names);
    model::find_growth(loaded.session.profile, loaded.history, process);
}

// The rules of the files first, whose hits are counted over all processes; then what the program
// says itself, and what glibc is known to keep.
void suppress(const model::Profile& end, model::FoundProcess& process,
              std::vector<model::SuppressionRule>& rules) {
    model::Suppressions own;
    add_own_suppressions({}, end, own);
    const auto take = [](std::vector<model::SuppressionRule>& from, model::FoundLeak& leak) {
        const auto rule = std::ranges::find_if(from, [&](const model::SuppressionRule& each) {
            return model::matches(each, leak.frames);
        });
        if (rule == from.end()) return false;
        ++rule->hits;
        rule->live_bytes += leak.lost_blocks > 0 ? leak.lost_bytes : leak.live_bytes;
        leak.suppressed_by = fmt::format("{} ({})", rule->text, rule->origin);
        return true;
    };
    for (model::FoundLeak& leak : process.leaks)
        if (!take(rules, leak)) take(own.rules, leak);
}

}  // namespace

std::optional<model::FoundProcess> find_in_recording(const std::string& path, size_t run,
                                                     const FindOptions& options,
                                                     std::vector<model::SuppressionRule>& rules) {
    const input::SessionAddress address = input::parse_session_address(path);
    if (address.point != "last")
        throw UsageFailure(fmt::format(
            "{}: a whole run is judged, not a point of it; leave out @{}", path, address.point));
    input::LoadedSession session = load_session(address, options.names, {});
    const model::Profile& end = session.profile;
    if (!end.session.foreign_recorder.empty())
        throw Failure(
            fmt::format("{} was recorded by {}, which does not know what leaks; record it with "
                        "heapdrift run --scan",
                        path, end.session.foreign_recorder));
    model::FoundProcess process;
    process.run = run;
    process.program = model::started_name(end.session);
    if (!options.programs.empty() &&
        std::ranges::none_of(options.programs, [&](const std::string& pattern) {
            return model::matches_program(pattern, process.program);
        }))
        return std::nullopt;
    process.pid = end.session.pid;
    process.path = path;
    process.seconds = end.session.last_seconds;
    process.went_on = end.session.ending == model::Ending::exec;
    process.dropped = end.losses.dropped_total();
    process.figures = {{model::Metric::peak, end.peak_live_bytes},
                       {model::Metric::live_at_end, model::totals(end).figures.live_bytes},
                       {model::Metric::allocations, model::totals(end).figures.allocations}};
    model::find_lost(end, process);
    if (options.growth) find_growth(path, options, process);
    measure_budgets(end, path, options, process);
    suppress(end, process, rules);
    return process;
}

}  // namespace heapdrift::commands
