// heapdrift scan: asks a running process which of its blocks nothing leads to any more.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <iostream>
#include <memory>

#include "analyzer/commands/command.h"
#include "analyzer/commands/live_header.h"
#include "analyzer/input/session_loader.h"
#include "analyzer/model/failure.h"
#include "analyzer/report/scan_parts.h"

namespace heapdrift::commands {
namespace {

struct Arguments {
    uint32_t pid = 0;
    double wait_seconds = 20;
};

// One request at a time: the process looks at the last one only.
uint32_t request(Control& control, uint32_t pid) {
    uint32_t last = control.scan_requested.load();
    if (last != control.scan_ended.load())
        throw Failure(fmt::format(
            "a scan of process {} is going on, or was asked for and has not begun since "
            "the process allocates nothing; heapdrift info {} shows the last result",
            pid, pid));
    if (!control.scan_requested.compare_exchange_strong(last, last + 1))
        throw Failure(fmt::format("somebody else has just asked for a scan of process {}", pid));
    return last + 1;
}

// The request is withdrawn where nobody has seen it, so that it does not strike much later.
void give_up(Control& control, uint32_t pid, uint32_t number, double seconds) {
    uint32_t expected = number;
    if (control.scan_started.load() != number &&
        control.scan_requested.compare_exchange_strong(expected, number - 1))
        throw Failure(
            fmt::format("process {} did not begin within {} s: a scan is begun by the next thread "
                        "that allocates or frees, and none did. Nothing was scanned, and the "
                        "request is withdrawn; try again while the process works, or with --wait",
                        pid, seconds));
}

void wait_for_result(Control& control, const Arguments& arguments, uint32_t number) {
    constexpr useconds_t kPauseUs = 2000;
    const uint64_t until_ns = monotonic_ns() + static_cast<uint64_t>(arguments.wait_seconds * 1e9);
    while (control.scan_ended.load(std::memory_order_acquire) < number) {
        if (kill(static_cast<pid_t>(arguments.pid), 0) != 0 && errno == ESRCH)
            throw Failure(fmt::format("process {} ended before it was scanned", arguments.pid));
        if (monotonic_ns() > until_ns) {
            give_up(control, arguments.pid, number, arguments.wait_seconds);
            return;
        }
        usleep(kPauseUs);
    }
    const ScanObstacle obstacle = control.scan_obstacle.load();
    if (obstacle != ScanObstacle::none)
        throw Failure(fmt::format("process {} could not be scanned: {}; it is recorded on",
                                  arguments.pid, scan_obstacle_text(obstacle)));
}

void scan(const Arguments& arguments) {
    const LiveHeader header = map_live_header(arguments.pid, "a scan can be asked for");
    const uint32_t number = request(header->control, arguments.pid);
    wait_for_result(header->control, arguments, number);
    const input::SessionAddress address =
        input::parse_session_address(std::to_string(arguments.pid));
    const model::Profile profile = input::load_session(address).profile;
    if (!profile.scan || profile.scan->number != number)
        throw Failure(
            fmt::format("process {} is still being scanned after {} s; heapdrift info {} "
                        "will show the result",
                        arguments.pid, arguments.wait_seconds, arguments.pid));
    report::write_scan(
        std::cout,
        report::Palette(report::wants_colour(report::ColourMode::automatic, STDOUT_FILENO)),
        profile);
}

}  // namespace

void add_scan(CLI::App& app, int&) {
    CLI::App* command = app.add_subcommand(
        "scan", "Find the blocks of a running process that nothing leads to any more");
    const auto arguments = std::make_shared<Arguments>();
    command->add_option("PID", arguments->pid, "The process; heapdrift list shows them")
        ->required();
    command
        ->add_option("--wait", arguments->wait_seconds,
                     "Seconds to wait for the result (default: 20)")
        ->type_name("SECONDS")
        ->check(CLI::Range(0.1, 86400.0));
    command->footer(
        "A copy of the process is searched, made by the next of its threads that allocates or\n"
        "frees; a process that does neither is not scanned. That thread is held for some 10 ms\n"
        "per GiB of memory; the others are stopped meanwhile, if there are any, to see their\n"
        "registers. What they wait for goes on, but epoll_wait and a few other calls may return\n"
        "early with EINTR. Only what two scans find lost is called lost.\n\n"
        "The result is kept in the session: heapdrift info shows it, heapdrift report\n"
        "--format json has it for each row.\n\n"
        "Examples:\n"
        "  heapdrift scan 4711\n"
        "  heapdrift run --scan -- ./server      at exit, without asking");
    command->callback([arguments] { scan(*arguments); });
}

}  // namespace heapdrift::commands
