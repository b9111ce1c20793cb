#include "analyzer/commands/gate/gate_arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "analyzer/commands/run_arguments.h"
#include "analyzer/commands/view_options.h"
#include "analyzer/input/settings_file.h"
#include "analyzer/input/settings_keys.h"
#include "analyzer/model/failure.h"

namespace heapdrift::commands {

namespace {

constexpr const char* kBaselineName = "heapdrift-baseline.json";

const char* variable(const char* name) {
    return std::getenv(name);
}

// A flag with the value of a setting: the same rules, and the same message where it is refused.
CLI::Option* add_setting(CLI::App& command, const std::string& flag, const std::string& section,
                         const std::string& name, model::Settings& settings,
                         const std::string& help, const std::string& type) {
    const auto keys = input::setting_keys();
    const auto key = std::ranges::find_if(keys, [&](const input::SettingKey& each) {
        return section == each.section && name == each.name;
    });
    return command
        .add_option_function<std::string>(
            flag,
            [&settings, key, flag](const std::string& text) {
                if (!key->set(settings, {.value = text, .is_text = true, .folder = ""}))
                    throw CLI::ValidationError(
                        flag, fmt::format("'{}': {} is expected", text, key->expected));
            },
            help)
        ->type_name(type);
}

}  // namespace

void add_gate_arguments(CLI::App& command, GateArguments& arguments) {
    command
        .add_option("SOURCE", arguments.sources,
                    "Recordings to judge; or, behind --, the program to run and its arguments")
        ->type_name("");
    command.positionals_at_end();
    model::Settings& flags = arguments.flags;
    add_setting(command, "--baseline", "gate", "baseline", flags,
                "The known leaks and figures (default: heapdrift-baseline.json)", "FILE");
    command
        .add_option("--suppressions", arguments.suppressions,
                    "Leave out what rules of this file name, in LeakSanitizer's or valgrind's "
                    "syntax; may be repeated")
        ->type_name("FILE")
        ->allow_extra_args(false);
    command
        .add_option(
            "--programs",
            [&flags](const std::vector<std::string>& names) {
                if (!flags.gate.programs) flags.gate.programs.emplace();
                for (const std::string& name : names) flags.gate.programs->push_back(name);
                return true;
            },
            "Judge only the processes whose program's name matches this shell pattern; "
            "may be repeated")
        ->type_name("PATTERN")
        ->allow_extra_args(false);
    command
        .add_option("--budget", arguments.budgets,
                    "A limit for each process: METRIC[:DOMAIN][@FROM..TO]=LIMIT with the metrics "
                    "peak, live_at_end, allocations, leaked and growth; may be repeated")
        ->type_name("BUDGET")
        ->allow_extra_args(false);
    add_setting(command, "--growth", "gate", "growth", flags,
                "Whether growth without end may fail the gate: fail, warn, ignore (default: fail)",
                "POLICY");
    add_setting(command, "--min-score", "gate", "min_score", flags,
                "Least score of growth that fails (default: 0.9)", "X");
    add_setting(command, "--runs", "gate", "runs", flags,
                "Run the program so many times, and compare figures with their noise (default: 1)",
                "N");
    add_setting(command, "--confirm", "gate", "confirm", flags,
                "Run a program that seems to grow without end so many times more, and fail only "
                "if it does in each (default: 2)",
                "N");
    add_setting(command, "--interval", "record", "interval", flags,
                "Time between the first snapshots of a run (default: 5ms)", "TIME");
    add_setting(command, "--source-root", "report", "source_root", flags,
                "Name source files relative to this folder (default: the repository's)", "DIR");
    command.add_flag(
        "--as-runs", arguments.as_runs,
        "Take recordings of one program as several runs of it, and compare figures with "
        "their noise; otherwise as processes of one run");
    command.add_option("--keep", arguments.keep, "Keep the recordings of the runs in this folder")
        ->type_name("DIR");
    command
        .add_option("--config", arguments.config,
                    "Settings (default: heapdrift.toml here or "
                    "above, up to the repository's root)")
        ->type_name("FILE");
    command.add_flag("--no-config", arguments.no_config, "Read no settings from files");
    add_name_options(command, arguments.names);
}

void add_fail_on(CLI::App& command, GateArguments& arguments) {
    add_setting(command, "--fail-on", "gate", "fail_on", arguments.flags,
                "What fails: new-leak (default), any-leak (known ones too), never (report only)",
                "WHAT");
    command.add_flag_callback(
        "--strict", [&arguments] { arguments.flags.gate.strict = true; },
        "Fail, with 24, when a known leak is gone and still in the baseline");
}

void complete_gate_arguments(GateArguments& arguments) {
    // The parser has removed the dashes, and takes "[a,b]" apart.
    const std::vector<std::string> words = own_arguments();
    const auto dashes = std::ranges::find(words, "--");
    arguments.is_command = dashes != words.end();
    if (arguments.is_command) arguments.sources.assign(dashes + 1, words.end());
    if (arguments.sources.empty())
        throw UsageFailure(
            "what is to be judged? Name recordings, or -- and the program to run with its "
            "arguments");
}

model::Budget parse_budget(const std::string& text) {
    const std::string where = "--budget " + text;
    const auto refuse = [&](const std::string& what) {
        throw UsageFailure(fmt::format("{}: {}", where, what));
    };
    model::Budget budget;
    budget.origin = where;
    const size_t equals = text.rfind('=');
    if (equals == std::string::npos)
        refuse("METRIC=LIMIT is expected, such as peak=200MiB or leaked=0");
    const auto limit = model::size_from(std::string_view(text).substr(equals + 1));
    if (!limit) refuse(fmt::format("'{}' is no size and no number", text.substr(equals + 1)));
    budget.limit = *limit;
    std::string what = text.substr(0, equals);
    if (const size_t at = what.find('@'); at != std::string::npos) {
        const std::string labels = what.substr(at + 1);
        const size_t dots = labels.find("..");
        if (dots == std::string::npos) refuse("@FROM..TO is expected, the labels of two snapshots");
        budget.from = labels.substr(0, dots);
        budget.to = labels.substr(dots + 2);
        what.resize(at);
    }
    if (const size_t colon = what.find(':'); colon != std::string::npos) {
        const std::string domain = what.substr(colon + 1);
        for (uint32_t i = 0; i < kDomainCount; ++i)
            if (domain == domain_name(static_cast<Domain>(i)))
                budget.domain = static_cast<Domain>(i);
        if (!budget.domain) refuse(fmt::format("'{}' is no domain", domain));
        what.resize(colon);
    }
    const auto metric = std::ranges::find(model::kMetricNames, what);
    if (metric == model::kMetricNames.end())
        refuse(fmt::format("'{}' is none of {}", what, fmt::join(model::kMetricNames, ", ")));
    budget.metric = static_cast<model::Metric>(metric - model::kMetricNames.begin());
    input::check_budget(budget, where);
    return budget;
}

model::Settings settings_of_files(const std::string& config, bool no_config) {
    const model::Settings environment = input::settings_of_environment(variable);
    if (no_config) return environment;
    const char* named = variable("HEAPDRIFT_CONFIG");
    std::optional<std::string> project;
    if (!config.empty())
        project = config;
    else if (named != nullptr && *named != '\0')
        project = named;
    else
        project = input::find_project_settings(std::filesystem::current_path().string());
    model::Settings files;
    if (const auto user = input::find_user_settings(variable)) files = input::load_settings(*user);
    if (project) {
        files = model::overlay(input::load_settings(*project), files);
        // Beside the settings, wherever in the project the command is given.
        if (!files.gate.baseline)
            files.gate.baseline = input::path_in(
                std::filesystem::path(*project).parent_path().string(), kBaselineName);
    }
    return model::overlay(environment, files);
}

model::Settings settings_of(const GateArguments& arguments) {
    model::Settings flags = arguments.flags;
    if (!arguments.suppressions.empty()) flags.gate.suppressions = arguments.suppressions;
    model::Settings settings =
        model::overlay(flags, settings_of_files(arguments.config, arguments.no_config));
    // Those of the command line are further ones: a project's budgets are not meant to go.
    if (!arguments.budgets.empty() && !settings.budgets) settings.budgets.emplace();
    for (const std::string& text : arguments.budgets)
        settings.budgets->push_back(parse_budget(text));
    return settings;
}

}  // namespace heapdrift::commands
