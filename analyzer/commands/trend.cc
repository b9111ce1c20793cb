// heapdrift trend: how memory went over a run, or from run to run.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <unordered_set>

#include "analyzer/commands/command.h"
#include "analyzer/commands/style_options.h"
#include "analyzer/commands/suppression_options.h"
#include "analyzer/commands/view_options.h"
#include "analyzer/input/history_loader.h"
#include "analyzer/input/later_image.h"
#include "analyzer/model/failure.h"
#include "analyzer/report/csv.h"
#include "analyzer/report/json.h"
#include "analyzer/report/text.h"

namespace heapdrift::commands {

namespace {

struct Arguments {
    std::vector<std::string> sessions;
    model::GroupBy group_by = model::GroupBy::traceback;
    std::string limit;
    SuppressionOptions suppressions;
    LengthOptions length;
    FilterOptions filter;
    NameOptions names;
    OutputOptions output;
    StyleOptions style;
};

// Stacks of two runs are the same where their frames read the same.
std::string stack_key(const model::Profile& profile, const model::Site& site) {
    std::string key;
    for (const uint32_t address : profile.frames_of(site))
        for (const model::Frame& frame : model::frames_of_address(profile, address))
            key += (key.empty() ? "" : " < ") + model::place_key(frame, model::GroupBy::function);
    return key;
}

void name_stacks(report::TrendDocument::Run& run) {
    for (model::TrendRow& row : run.table.rows)
        row.key = stack_key(run.profile, run.profile.sites[row.site]);
}

// Which sites the rules name; their figures stay in all sums.
std::unordered_set<uint32_t> suppressed_sites(const model::Profile& profile,
                                              model::Suppressions& suppressions) {
    std::unordered_set<uint32_t> found;
    if (suppressions.rules.empty()) return found;
    for (const model::Site& site : profile.sites)
        if (suppressions.take(model::frames_of_site(profile, site), site.figures.live_bytes))
            found.insert(site.id);
    return found;
}

report::TrendDocument::Run load_run(const std::string& session, const Arguments& arguments,
                                    model::Suppressions& suppressions) {
    const input::SessionAddress address = input::parse_session_address(session);
    if (address.point != "last")
        throw UsageFailure(
            fmt::format("@{}: a trend is of all snapshots; name the session alone", address.point));
    input::LoadedHistory loaded = input::load_history(address, {});
    input::recognize_exec(loaded.session.profile.session);
    name_addresses(loaded.session, arguments.names);
    model::apply(arguments.filter.filter(), loaded.session.profile);
    model::keep_sites_of(loaded.session.profile, loaded.history);
    report::TrendDocument::Run run{.profile = std::move(loaded.session.profile),
                                   .history = std::move(loaded.history),
                                   .table = {}};
    run.table = model::trend_table(run.profile, run.history, arguments.group_by,
                                   suppressed_sites(run.profile, suppressions));
    return run;
}

void foretell(report::TrendDocument& document, const std::string& limit) {
    const report::TrendDocument::Run& last = document.runs.back();
    if (!limit.empty()) {
        const model::Trend& trend = last.table.total.trend;
        document.forecast = model::forecast(static_cast<double>(parse_size(limit)), trend.current,
                                            trend.per_second);
    } else if (last.history.cgroup_limit_bytes && last.table.cgroup) {
        const model::Trend& trend = last.table.cgroup->trend;
        document.limit_of_container = true;
        document.forecast = model::forecast(static_cast<double>(*last.history.cgroup_limit_bytes),
                                            trend.current, trend.per_second);
    }
}

void show_trend(const Arguments& arguments) {
    if (arguments.group_by == model::GroupBy::thread)
        throw UsageFailure("--group-by thread: snapshots do not hold the figures of threads");
    report::TrendDocument document;
    document.group_by = arguments.group_by;
    document.suppressions = read_suppressions(arguments.suppressions);
    for (const std::string& session : arguments.sessions)
        document.runs.push_back(load_run(session, arguments, document.suppressions));
    std::ranges::stable_sort(document.runs, {}, [](const report::TrendDocument::Run& run) {
        return run.profile.session.started_realtime_ns;
    });
    if (document.runs.size() > 1) {
        std::vector<model::TrendTable> tables;
        for (report::TrendDocument::Run& run : document.runs) {
            if (document.by_traceback()) name_stacks(run);
            tables.push_back(run.table);
        }
        document.joined = model::join_runs(tables);
    }
    foretell(document, arguments.limit);
    document.top = arguments.length.rows_shown(arguments.output.format);
    document.frames = arguments.length.frames_shown(arguments.output.format);
    document.filtered = !arguments.filter.filter().empty();
    document.style.whole_names = arguments.style.whole_names;
    write_document(arguments.output, document, report::write_trend_text, report::write_trend_json,
                   report::write_trend_csv);
}

}  // namespace

void add_trend(CLI::App& app, int&) {
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* command = app.add_subcommand("trend", "Show how memory went, in a run or in several");
    command
        ->add_option("SESSION", arguments->sessions,
                     "Session files, or the pid of a running process; several are runs of one "
                     "program")
        ->type_name("")
        ->required();
    add_group_by_option(*command, arguments->group_by);
    command
        ->add_option("--limit", arguments->limit,
                     "Say when live memory reaches this size (default: the container's limit)")
        ->type_name("SIZE");
    add_length_options(*command, arguments->length, "Rows");
    add_suppressions_option(*command, arguments->suppressions);
    add_filter_options(*command, arguments->filter);
    add_name_options(*command, arguments->names);
    add_output_options(*command, arguments->output);
    add_name_style_option(*command, arguments->style);
    command->footer(
        "Examples:\n"
        "  heapdrift trend server.4711.heapdrift --group-by module\n"
        "  heapdrift trend 4711 --limit 2GiB\n"
        "  heapdrift trend monday.heapdrift tuesday.heapdrift wednesday.heapdrift\n"
        "\n"
        "The word is stable, increasing, decreasing, sawtooth or stepped; the rate is the\n"
        "median slope over the last three quarters of the run, with its 95 % interval.\n"
        "A trend follows the load: heapdrift leaks tells what grows for ever.");
    command->callback([arguments] { show_trend(*arguments); });
}

}  // namespace heapdrift::commands
