#include "analyzer/commands/run_summary.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <vector>

#include "analyzer/commands/summary_text.h"
#include "analyzer/process/file_descriptor.h"
#include "analyzer/process/process_tree.h"
#include "analyzer/report/text_parts.h"
#include "analyzer/report/units.h"

namespace heapdrift::commands {
namespace {

using process::SessionSummary;

void say(const std::string& text) {
    fmt::print(stderr, "heapdrift: {}\n", text);
}

std::string outcome_text(const process::Outcome& outcome) {
    if (!outcome.signalled) return fmt::format("exit {}", outcome.value);
    const char* name = sigabbrev_np(outcome.value);
    return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", outcome.value);
}

// A path as a user would type it from here.
std::string short_path(const std::string& path) {
    std::error_code error;
    const std::string here = std::filesystem::current_path(error).string() + "/";
    return path.starts_with(here) ? path.substr(here.size()) : path;
}

// The process whose memory mattered most; among equals the one that was asked for.
const SessionSummary* main_session(const std::vector<SessionSummary>& sessions) {
    const auto highest = std::ranges::max_element(sessions, {}, [](const SessionSummary& session) {
        return std::pair(session.peak_live_bytes, session.info.root);
    });
    return highest == sessions.end() ? nullptr : &*highest;
}

void explain_missing_session(const process::Executable& executable, pid_t pid) {
    // A static program has been explained before it was started.
    if (executable.obstacle != process::Obstacle::none) return;
    say(
        fmt::format("nothing was recorded: process {} created no session. Either the loader could "
                    "not load the recorder, the program started in another root directory, or the "
                    "recorder could not create its file; lines above from 'ERROR: ld.so' or "
                    "'heapdrift' say which",
                    pid));
}

void print_losses(const SessionSummary& session) {
    if (!session.losses.stop_reason.empty())
        say(fmt::format("process {}: {}", session.info.pid, report::stopped_text(session.losses)));
    if (session.losses.confined)
        say(fmt::format("process {}: {}", session.info.pid, report::kConfinedText));
    if (session.losses.dropped_total() > 0)
        say(
            fmt::format("{} allocations of process {} were dropped, so its figures are too low; "
                        "heapdrift info says why",
                        report::format_count(session.losses.dropped_total()), session.info.pid));
    if (session.allocations == 0 && process::defines_own_malloc(session.info.program))
        say(
            fmt::format("{} brings its own malloc inside the executable: its allocations do not "
                        "reach the recorder, and only its mappings are recorded",
                        session.info.program));
}

void print_table(const std::vector<const SessionSummary*>& sessions) {
    fmt::print(stderr, "  {:>8} {:<20} {:<10} {:>10} {:>10}  {}\n", "PID", "PROGRAM", "STATE",
               "PEAK", "LIVE", "FILE");
    for (const SessionSummary* session : sessions)
        fmt::print(stderr, "  {:>8} {:<20} {:<10} {:>10} {:>10}  {}\n", session->info.pid,
                   session->program(), process::state_text(*session),
                   bytes_text(*session, session->peak_live_bytes),
                   bytes_text(*session, session->live_bytes), short_path(session->info.path));
}

void print_main(const SessionSummary& session, const process::Outcome& outcome) {
    const bool is_root = session.info.pid == static_cast<uint32_t>(outcome.pid);
    say(fmt::format("{} (pid {}): {} after {}", session.program(), session.info.pid,
                    is_root ? outcome_text(outcome) : process::state_text(session),
                    report::format_seconds(is_root ? outcome.seconds : session.seconds)));
    say(fmt::format(
        "{}{} allocations, peak {}, {} still live {}{}", estimate_mark(session),
        report::format_count(session.allocations), bytes_text(session, session.peak_live_bytes),
        bytes_text(session, session.live_bytes), session.running() ? "now" : "at the end",
        session.info.mode == Mode::exact
            ? ""
            : fmt::format("; sampled every {}, so that figures are estimates",
                          report::format_bytes(session.info.sampling_interval_bytes))));
    say(fmt::format("cost: {}{} of own memory; {} dropped, {}{} with a truncated stack",
                    session.info.ending == model::Ending::exit ? "" : "at least ",
                    report::format_bytes(session.own_bytes),
                    report::format_count(session.losses.dropped_total()), estimate_mark(session),
                    report::format_count(session.truncated_allocations)));
    say(fmt::format("recorded in {}", short_path(session.info.path)));
}

// All that were recorded, by who started whom.
void print_tree(const process::Collected& collected) {
    std::vector<SessionSummary> sessions = collected.sessions;
    sessions.insert(sessions.end(), collected.dropped_sessions.begin(),
                    collected.dropped_sessions.end());
    say(fmt::format("{} recorded:", sessions.size() == 1
                                        ? "1 process image"
                                        : fmt::format("{} process images", sessions.size())));
    fmt::print(stderr, "  {:<32} {:>8} {:>8} {:>10} {:>10}  {:<10} {}\n", "PROCESS", "PID",
               "PARENT", "PEAK", "LIVE", "ENDED", "FILE");
    for (const process::TreeLine& line : process::process_tree(sessions)) {
        const SessionSummary& session = sessions[line.session];
        const bool kept = line.session < collected.sessions.size();
        fmt::print(stderr, "  {:<32} {:>8} {:>8} {:>10} {:>10}  {:<10} {}\n",
                   line.branch + session.program(), session.info.pid, session.info.parent_pid,
                   bytes_text(session, session.peak_live_bytes),
                   bytes_text(session, session.live_bytes), process::state_text(session),
                   kept ? short_path(session.info.path) : "-");
    }
}

void print_others(const process::Collected& collected, const SessionSummary* shown) {
    std::vector<const SessionSummary*> others;
    for (const SessionSummary& session : collected.sessions)
        if (&session != shown) others.push_back(&session);
    if (!others.empty()) {
        say("also recorded:");
        print_table(others);
    }
    if (collected.dropped > 0)
        say(fmt::format(
            "{} descendant{} that allocated little left no file (--keep-all keeps them)",
            collected.dropped, collected.dropped == 1 ? "" : "s"));
}

void print_still_recording(const std::vector<pid_t>& processes) {
    if (processes.empty()) return;
    say(
        fmt::format("still running and recorded: {}. heapdrift report PID reads one now, and "
                    "heapdrift list --collect fetches the files when they have ended",
                    fmt::join(processes, ", ")));
}

// The report command in a process of its own: whatever becomes of it, the program's exit code
// and recording are safe.
void print_report(const SessionSummary& session, const RunArguments& arguments) {
    process::FileDescriptor out(
        arguments.report_file.empty()
            ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)
            : open(arguments.report_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (!out.is_open()) {
        say(fmt::format("{}: {}; heapdrift report {} prints the report",
                        arguments.report_file.empty() ? "stderr" : arguments.report_file,
                        std::strerror(errno), short_path(session.info.path)));
        return;
    }
    std::vector<std::string> words = {
        "heapdrift", "report", "--no-pager",
        session.running() ? std::to_string(session.info.pid) : session.info.path};
    if (arguments.top) words.insert(words.end(), {"--top", std::to_string(*arguments.top)});
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        dup2(out.get(), STDOUT_FILENO);
        execv("/proc/self/exe", pointers.data());
        _exit(127);
    }
    int status = 0;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (child < 0 || status != 0)
        say(fmt::format("the report failed; the recording is complete, try heapdrift report {}",
                        short_path(session.info.path)));
}

}  // namespace

void print_run_summary(const RunArguments& arguments, const process::Executable& executable,
                       const process::Outcome& outcome, const process::Collected& collected,
                       const std::vector<pid_t>& still_recording) {
    const SessionSummary* session = main_session(collected.sessions);
    if (session == nullptr && collected.dropped == 0)
        explain_missing_session(executable, outcome.pid);
    if (!arguments.quiet) {
        if (session != nullptr) print_main(*session, outcome);
        if (arguments.follow)
            print_tree(collected);
        else
            print_others(collected, session);
        print_still_recording(still_recording);
    }
    for (const SessionSummary& each : collected.sessions) print_losses(each);
    for (const std::string& problem : collected.problems) say(problem);
    if (collected.interrupted)
        say("interrupted: the recording is complete, but names were not embedded; read it on this "
            "machine while its programs are unchanged");
    if (session != nullptr && !arguments.quiet && !arguments.no_report && !collected.interrupted)
        print_report(*session, arguments);
}

}  // namespace heapdrift::commands
