// heapdrift snapshot: opens a snapshot in the session of a running process, from outside.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include "analyzer/commands/command.h"
#include "analyzer/commands/live_header.h"
#include "analyzer/model/failure.h"
#include "analyzer/process/system_memory.h"
#include "core/session_view.h"
#include "core/snapshot_table.h"

namespace heapdrift::commands {
namespace {

// A label stands behind the @ of a session's name, where these have a meaning of their own.
void check_label(const std::string& label) {
    if (label.empty()) return;
    if (label.size() >= kLabelSize)
        throw UsageFailure(
            fmt::format("the label has {} bytes; at most {} fit", label.size(), kLabelSize - 1));
    if (std::ranges::all_of(label, [](char c) { return c >= '0' && c <= '9'; }))
        throw UsageFailure(fmt::format(
            "the label '{}' is a number, and FILE@{} names a snapshot by its number; add a letter",
            label, label));
    if (label == "peak" || label == "last")
        throw UsageFailure(
            fmt::format("FILE@{} has a meaning of its own; choose another label", label));
    if (std::ranges::any_of(label,
                            [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '@'; }))
        throw UsageFailure("a label cannot hold control characters or an '@'");
}

void refuse_duplicate(const Header& header, const std::string& label) {
    if (label.empty()) return;
    for (const SnapshotDescriptor& snapshot : header.snapshots)
        if (snapshot.state.load(std::memory_order_acquire) == SnapshotState::held &&
            bounded_text(snapshot.label, kLabelSize) == label)
            throw Failure(fmt::format("snapshot @{} has the label '{}' already; choose another",
                                      snapshot.number, label));
}

void describe(uint32_t pid, const Header& header, const std::string& label,
              SnapshotDescriptor& filled) {
    const process::ResidentMemory resident = process::read_resident_memory(static_cast<pid_t>(pid));
    const process::CgroupMemory cgroup = process::read_cgroup_memory(static_cast<pid_t>(pid));
    filled.kind = SnapshotKind::requested;
    filled.rss_anon_bytes = resident.anon_bytes;
    filled.rss_file_bytes = resident.file_bytes;
    filled.rss_shmem_bytes = resident.shmem_bytes;
    filled.swap_bytes = resident.swap_bytes;
    filled.cgroup_current_bytes = cgroup.current_bytes;
    filled.cgroup_limit_bytes = cgroup.limit_bytes;
    filled.pressure_some_avg10 = cgroup.pressure_some_avg10;
    std::copy(label.begin(), label.end(), filled.label);
    filled.time_ns = monotonic_ns() - header.identity.started_monotonic_ns;
}

// The target holds the lock for microseconds; a holder that died is overridden after the timeout.
SnapshotNumber take_snapshot(uint32_t pid, Header& header, const std::string& label) {
    constexpr uint64_t kPatienceNs = kSnapshotLockTimeoutNs + 1'000'000'000;
    constexpr useconds_t kPauseUs = 1000;
    const uint64_t give_up_ns = monotonic_ns() + kPatienceNs;
    for (;;) {
        {
            const SnapshotLock lock(header.control, monotonic_ns());
            if (lock.held()) {
                refuse_duplicate(header, label);
                SnapshotDescriptor filled{};
                describe(pid, header, label, filled);
                return open_snapshot(header, filled);
            }
        }
        if (monotonic_ns() > give_up_ns)
            throw Failure(fmt::format("process {} holds its snapshot table; try again", pid));
        usleep(kPauseUs);
    }
}

void snapshot(uint32_t pid, const std::string& label) {
    check_label(label);
    const LiveHeader header = map_live_header(pid, "a snapshot can be taken");
    const SnapshotNumber number = take_snapshot(pid, *header, label);
    if (raw(number) == 0)
        throw Failure(fmt::format(
            "the session of process {} holds {} snapshots taken on request, and there is "
            "no room for another; recording and the scheduled ones go on",
            pid, kMaxRequested));
    if (header->control.recording_stopped.load() != 0)
        fmt::print(stderr,
                   "heapdrift: the session file of process {} cannot grow: {}; known call stacks "
                   "are counted on, new ones are dropped and counted\n",
                   pid,
                   bounded_text(header->control.stop_reason, sizeof header->control.stop_reason));
    fmt::print("@{}\n", raw(number));
}

}  // namespace

void add_snapshot(CLI::App& app, int&) {
    CLI::App* command =
        app.add_subcommand("snapshot", "Take a snapshot of a running process, from outside");
    struct Arguments {
        uint32_t pid = 0;
        std::string label;
    };
    const auto arguments = std::make_shared<Arguments>();
    command->add_option("PID", arguments->pid, "The process; heapdrift list shows them")
        ->required();
    command->add_option("--label", arguments->label, "Name it, for FILE@LABEL");
    command->footer(
        "Prints the snapshot's number. The process is neither stopped nor signalled, and may be\n"
        "idle or stopped.\n\n"
        "Examples:\n"
        "  heapdrift snapshot 4711\n"
        "  heapdrift snapshot 4711 --label warm\n"
        "  heapdrift diff 4711@warm 4711@last");
    command->callback([arguments] { snapshot(arguments->pid, arguments->label); });
}

}  // namespace heapdrift::commands
