// heapdrift baseline: the known leaks and figures, which check only reads.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>

#include "analyzer/commands/command.h"
#include "analyzer/commands/gate/gate.h"
#include "analyzer/commands/gate/gate_output.h"
#include "analyzer/input/baseline_file.h"
#include "analyzer/model/failure.h"
#include "analyzer/model/gate/baseline_update.h"
#include "analyzer/report/gate/writers.h"
#include "analyzer/report/units.h"

namespace heapdrift::commands {

namespace {

struct Arguments {
    GateArguments gate;
    bool figures = false;
    bool force = false;
};

struct ShowArguments {
    std::string path;
    std::string config;
    bool no_config = false;
    bool json = false;
};

void say(const std::string& text) {
    fmt::print(stderr, "heapdrift: {}\n", text);
}

std::string leak_line(const model::BaselineLeak& leak) {
    return fmt::format("{}  {}  {} in {} ({})", leak.identity.id(), leak.identity.stack.front(),
                       report::format_bytes(leak.bytes), report::count_text(leak.blocks, "block"),
                       model::leak_kind_name(leak.kind));
}

void print_change(const model::BaselineChange& change) {
    for (const model::BaselineLeak& leak : change.added) say("added    " + leak_line(leak));
    for (const model::BaselineLeak& leak : change.raised) say("changed  " + leak_line(leak));
    for (const model::BaselineLeak& leak : change.removed) say("removed  " + leak_line(leak));
    if (change.figures_changed > 0)
        say(fmt::format("{} changed", report::count_text(change.figures_changed, "figure")));
}

bool in_pipeline() {
    const char* ci = std::getenv("CI");
    return ci != nullptr && *ci != '\0' && std::string_view(ci) != "false";
}

// A new file in the place of the old one: it is whole at every moment.
void replace_file(const std::string& path, const std::string& text) {
    const std::string written = fmt::format("{}.{}", path, getpid());
    std::ofstream out(written, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    if (!out || std::rename(written.c_str(), path.c_str()) != 0) {
        const std::string reason = std::strerror(errno);
        unlink(written.c_str());
        throw Failure(fmt::format("{} could not be written, and is as it was: {}", path, reason));
    }
}

void keep(const std::string& path, const model::BaselineChange& change, bool force) {
    std::ostringstream text;
    report::write_baseline(text, change.baseline);
    if (in_pipeline() && !force) {
        std::cout << text.str();
        append_step_summary("```json\n" + text.str() + "```\n");
        say(fmt::format("CI is set, so {} was not written: the new one is above, or --force",
                        path));
        return;
    }
    replace_file(path, text.str());
    say(fmt::format("{} has {} now", path,
                    report::count_text(change.baseline.leaks.size(), "known leak")));
}

using Change = model::BaselineChange (*)(const Gate& gate, bool figures);

void change_baseline(Arguments& arguments, int& exit_code, Change change) {
    complete_gate_arguments(arguments.gate);
    const Gate gate = judge_sources(arguments.gate, settings_of(arguments.gate));
    const report::CheckDocument& document = gate.document;
    for (const std::string& gap : report::gaps(document)) say("not judged: " + gap);
    if (document.program_failed()) {
        exit_code = *document.program_exit;
        say(fmt::format("the program failed with exit code {}; {} is as it was", exit_code,
                        document.baseline_path));
        return;
    }
    const model::BaselineChange changed = change(gate, arguments.figures);
    print_change(changed);
    if (document.has_baseline && changed.baseline == gate.baseline) {
        say(fmt::format("{} says so already", document.baseline_path));
        return;
    }
    keep(document.baseline_path, changed, arguments.force);
}

void add_change(CLI::App& baseline, int& exit_code, const char* name, const char* help,
                const char* footer, Change change) {
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* command = baseline.add_subcommand(name, help);
    add_gate_arguments(*command, arguments->gate);
    if (std::string_view(name) == "update")
        command->add_flag("--figures", arguments->figures,
                          "Keep peak, live bytes at the end and allocations of every program, and "
                          "compare later runs with them");
    command->add_flag("-f,--force", arguments->force,
                      "Write the file where CI is set too, and do not print it");
    command->footer(footer);
    command->callback(
        [arguments, &exit_code, change] { change_baseline(*arguments, exit_code, change); });
}

void show(const ShowArguments& arguments) {
    model::Settings settings = settings_of_files(arguments.config, arguments.no_config);
    if (!arguments.path.empty()) settings.gate.baseline = arguments.path;
    const std::string path = baseline_path(settings);
    const input::LoadedBaseline loaded = input::load_baseline(path);
    if (!loaded.exists) throw Failure(fmt::format("{}: there is none", path));
    if (arguments.json) {
        report::write_baseline(std::cout, loaded.baseline);
        return;
    }
    fmt::print("{}: {}\n", path, report::count_text(loaded.baseline.leaks.size(), "known leak"));
    for (const model::BaselineLeak& leak : loaded.baseline.leaks) {
        fmt::print("\n  {}\n    of {}\n", leak_line(leak), fmt::join(leak.programs, ", "));
        for (const std::string& frame : leak.identity.stack) fmt::print("    {}\n", frame);
    }
    if (!loaded.baseline.figures.empty()) fmt::print("\n");
    for (const model::BaselineFigure& figure : loaded.baseline.figures)
        fmt::print("  {:<20} {:<12} {}\n", figure.program, model::metric_name(figure.metric),
                   fmt::join(figure.values, ", "));
}

void add_show(CLI::App& baseline) {
    const auto arguments = std::make_shared<ShowArguments>();
    CLI::App* command = baseline.add_subcommand("show", "Show what is known");
    command->add_option("FILE", arguments->path, "The baseline (default: that of the settings)")
        ->type_name("");
    command->add_option("--config", arguments->config, "Settings (default: heapdrift.toml)")
        ->type_name("FILE");
    command->add_flag("--no-config", arguments->no_config, "Read no settings from files");
    command->add_flag("--json", arguments->json, "As the file has it");
    command->footer(
        "Examples:\n"
        "  heapdrift baseline show");
    command->callback([arguments] { show(*arguments); });
}

}  // namespace

void add_baseline(CLI::App& app, int& exit_code) {
    CLI::App* baseline = app.add_subcommand(
        "baseline", "Accept leaks as known, show them, drop those that are gone");
    baseline->require_subcommand(1);
    add_change(*baseline, exit_code, "update", "Accept the leaks that check would fail for",
               "Examples:\n"
               "  heapdrift baseline update -- ./unit_tests\n"
               "  heapdrift baseline update --figures --runs 5 -- ./unit_tests\n"
               "\n"
               "Commit the file: its lines are stable, one for each leak, and their diff shows\n"
               "what was accepted. Where CI is set the new file is printed and not written.",
               [](const Gate& gate, bool figures) {
                   return model::accept(gate.baseline, gate.document.verdict,
                                        gate.document.processes, gate.document.options, figures);
               });
    add_change(
        *baseline, exit_code, "prune", "Drop the known leaks that are gone",
        "Examples:\n"
        "  heapdrift baseline prune -- ./unit_tests\n"
        "\n"
        "Only leaks of programs that ran, and were judged, are dropped.",
        [](const Gate& gate, bool) { return model::prune(gate.baseline, gate.document.verdict); });
    add_show(*baseline);
}

}  // namespace heapdrift::commands
