// heapdrift list: running and finished sessions.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "analyzer/commands/choice_option.h"
#include "analyzer/commands/command.h"
#include "analyzer/commands/summary_text.h"
#include "analyzer/model/failure.h"
#include "analyzer/process/recording_directory.h"
#include "analyzer/process/session_collector.h"
#include "analyzer/process/session_discovery.h"
#include "analyzer/report/units.h"

namespace heapdrift::commands {
namespace {

using process::SessionSummary;

struct Arguments {
    std::vector<std::string> places;
    std::string format = "text";
    bool collect = false;
};

void print_text(const std::vector<SessionSummary>& sessions) {
    if (sessions.empty()) {
        fmt::print(stderr,
                   "heapdrift: no sessions here and none running; heapdrift run records "
                   "one\n");
        return;
    }
    size_t program_width = 7;
    for (const SessionSummary& session : sessions)
        program_width = std::max(program_width, session.program().size());
    fmt::print("{:>8}  {:<{}}  {:<9}  {:<23}  {:>10}  {:>10}  {:>10}  {}\n", "PID", "PROGRAM",
               program_width, "STATE", "STARTED", "DURATION", "LIVE", "PEAK", "FILE");
    for (const SessionSummary& session : sessions)
        fmt::print("{:>8}  {:<{}}  {:<9}  {:<23}  {:>10}  {:>10}  {:>10}  {}\n", session.info.pid,
                   session.program(), program_width, process::state_text(session),
                   report::format_time(session.info.started_realtime_ns),
                   report::format_seconds(session.seconds), bytes_text(session, session.live_bytes),
                   bytes_text(session, session.peak_live_bytes), session.info.path);
}

nlohmann::ordered_json to_json(const SessionSummary& session) {
    nlohmann::ordered_json row;
    row["path"] = session.info.path;
    row["program"] = session.info.program;
    row["pid"] = session.info.pid;
    row["image"] = session.info.image;
    row["started"] = static_cast<double>(session.info.started_realtime_ns) * 1e-9;
    row["duration_seconds"] = session.seconds;
    row["ended_by"] = model::ending_name(session.info.ending);
    if (session.info.ending == model::Ending::exit) row["exit_status"] = session.info.exit_status;
    if (session.info.ending == model::Ending::signal) row["signal"] = session.info.exit_status;
    row["mode"] = session.info.mode == Mode::exact ? "exact" : "sampled";
    row["sampling_interval_bytes"] = session.info.sampling_interval_bytes;
    row["allocations"] = session.allocations;
    row["live_bytes"] = session.live_bytes;
    row["peak_live_bytes"] = session.peak_live_bytes;
    row["dropped"] = session.losses.dropped_total();
    return row;
}

void print_json(const std::vector<SessionSummary>& sessions) {
    nlohmann::ordered_json document;
    document["schema_version"] = 1;
    document["tool_version"] = HEAPDRIFT_VERSION;
    document["command"] = "list";
    document["files"] = nlohmann::ordered_json::array();
    for (const SessionSummary& session : sessions) document["files"].push_back(to_json(session));
    // Paths are bytes; those that are no UTF-8 are shown with replacement characters.
    fmt::print("{}\n", document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

std::string csv_field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
    return quoted + '"';
}

void print_csv(const std::vector<SessionSummary>& sessions) {
    fmt::print("pid,program,state,started,duration_seconds,live_bytes,peak_live_bytes,mode,path\n");
    for (const SessionSummary& session : sessions)
        fmt::print(
            "{},{},{},{},{:.3f},{},{},{},{}\n", session.info.pid, csv_field(session.info.program),
            process::state_text(session), session.info.started_realtime_ns / 1'000'000'000,
            session.seconds, session.live_bytes, session.peak_live_bytes,
            session.info.mode == Mode::exact ? "exact" : "sampled", csv_field(session.info.path));
}

// Fetches what descendants that outlived their `heapdrift run` have finished since, and what an
// interrupted one left behind.
void collect_here(const std::vector<std::string>& places) {
    process::CollectOptions options;
    options.directory = std::filesystem::current_path().string();
    for (const std::string& directory : process::abandoned_directories(places)) {
        process::note_ends(directory, {});
        const process::Collected collected = process::collect_sessions(directory, options);
        for (const std::string& problem : collected.problems)
            fmt::print(stderr, "heapdrift: {}\n", problem);
        process::remove_recording_directory(directory);
    }
}

void list(const Arguments& arguments) {
    const std::vector<std::string> places =
        arguments.places.empty() ? std::vector<std::string>{"."} : arguments.places;
    if (arguments.collect) collect_here(places);
    const process::Discovered found = process::discover_sessions(places);
    if (arguments.format == "json")
        print_json(found.sessions);
    else if (arguments.format == "csv")
        print_csv(found.sessions);
    else
        print_text(found.sessions);
    for (const std::string& problem : found.problems)
        fmt::print(stderr, "heapdrift: {}\n", problem);
}

}  // namespace

void add_list(CLI::App& app, int&) {
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* command = app.add_subcommand("list", "Show running and finished sessions");
    command->add_option("PLACE", arguments->places,
                        "Directories and files to look at, besides running processes and the "
                        "shared memory (default: the current directory)");
    set_choices(*command
                     ->add_option("--format", arguments->format,
                                  "How to write it: csv, json, text (default: text)")
                     ->type_name("FORMAT"),
                {"csv", "json", "text"});
    command->add_flag("--collect", arguments->collect,
                      "Move finished sessions that were left in the shared memory to the current "
                      "directory, with symbols");
    command->footer(
        "STATE is running, exit STATUS, the signal that ended the process where heapdrift run\n"
        "waited for it, killed where nobody did, or exec when it went on as another program.\n"
        "LIVE and PEAK with ~ are estimates of a session that was sampled.\n\n"
        "Examples:\n"
        "  heapdrift list\n"
        "  heapdrift list recordings/ --format json\n"
        "  heapdrift list --collect");
    command->callback([arguments] { list(*arguments); });
}

}  // namespace heapdrift::commands
