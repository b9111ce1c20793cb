#include "analyzer/input/session_info.h"

#include <algorithm>
#include <cstring>
#include <ctime>

#include "analyzer/input/process_state.h"

namespace heapdrift::input {

namespace {

constexpr double kSecond = 1e-9;

double to_seconds(uint64_t ns) {
    return static_cast<double>(ns) * kSecond;
}

template <size_t N>
std::string text(const char (&field)[N]) {
    return std::string(bounded_text(field, N));
}

std::optional<uint64_t> known(uint64_t bytes) {
    return bytes == kUnknownBytes ? std::nullopt : std::optional(bytes);
}

std::vector<std::string> split_command_line(const Identity& identity) {
    const size_t size = std::min<size_t>(identity.command_line_size, sizeof identity.command_line);
    std::vector<std::string> arguments;
    std::string argument;
    for (const char c : std::string(identity.command_line, size)) {
        if (c != '\0') {
            argument += c;
        } else {
            arguments.push_back(argument);
            argument.clear();
        }
    }
    if (!argument.empty()) arguments.push_back(argument);
    return arguments;
}

uint64_t monotonic_ns() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

double last_seconds(const SessionView& view, model::Ending ending) {
    const Header& header = view.header();
    const Control& control = header.control;
    if (ending == model::Ending::running) {
        const uint64_t now = monotonic_ns();
        const uint64_t started = header.identity.started_monotonic_ns;
        return now > started ? to_seconds(now - started) : 0;
    }
    if (const uint64_t ended = control.ended_ns.load(); ended != 0) return to_seconds(ended);
    uint64_t last = std::max(control.peak_time_ns.load(), control.exit_began_ns.load());
    for (const SnapshotDescriptor& snapshot : header.snapshots)
        if (snapshot.state.load() == SnapshotState::held) last = std::max(last, snapshot.time_ns);
    for (uint32_t row = 0; row < view.thread_limit(); ++row)
        if (const ThreadRow* thread = view.thread(row))
            last = std::max({last, thread->started_ns, thread->ended_ns.load()});
    return to_seconds(last);
}

}  // namespace

model::SessionInfo read_session_info(const SessionView& view, const std::string& path, dev_t device,
                                     ino_t inode) {
    const Identity& identity = view.header().identity;
    const Control& control = view.header().control;
    model::SessionInfo info;
    info.path = path;
    info.program = text(identity.program);
    info.command_line = split_command_line(identity);
    info.tool_version = text(identity.tool_version);
    info.pid = identity.pid;
    info.parent_pid = identity.parent_pid;
    info.image = identity.image;
    info.forked = identity.forked != 0;
    info.root = identity.root != 0;
    info.merged = identity.merged;
    info.process_start_ticks = identity.process_start_ticks;
    info.started_realtime_ns = identity.started_realtime_ns;
    info.mode = identity.mode;
    info.sampling_interval_bytes = identity.sampling_interval_bytes;
    const EndedBy noted = control.ended_by.load();
    info.ending = info.merged > 0 && noted == EndedBy::running
                      ? model::Ending::unknown
                      : ending_of(identity, noted, device, inode);
    info.exit_status = control.exit_status.load();
    if (const uint64_t ended = control.ended_ns.load();
        ended != 0 && info.ending != model::Ending::running)
        info.ended_seconds = to_seconds(ended);
    if (const uint64_t began = control.exit_began_ns.load(); began != 0)
        info.exit_began_seconds = to_seconds(began);
    info.last_seconds = last_seconds(view, info.ending);
    return info;
}

std::vector<model::SnapshotInfo> read_snapshots(const Header& header) {
    std::vector<model::SnapshotInfo> snapshots;
    // Acquire: pairs with open_snapshot's release, its last store.
    const uint32_t epoch = epoch_of(header.control.moment.load(std::memory_order_acquire));
    for (const SnapshotDescriptor& descriptor : header.snapshots) {
        if (descriptor.state.load(std::memory_order_acquire) != SnapshotState::held) continue;
        model::SnapshotInfo snapshot;
        snapshot.number = descriptor.number;
        snapshot.kind = descriptor.kind;
        snapshot.label = text(descriptor.label);
        snapshot.seconds = to_seconds(descriptor.time_ns);
        snapshot.generation = descriptor.generation;
        snapshot.idle = (descriptor.flags & kSnapshotIdle) != 0;
        snapshot.cost_seconds = to_seconds(descriptor.cost_ns);
        snapshot.peak_live_bytes = descriptor.peak_live_bytes;
        snapshot.rss_anon_bytes = known(descriptor.rss_anon_bytes);
        snapshot.rss_file_bytes = known(descriptor.rss_file_bytes);
        snapshot.rss_shmem_bytes = known(descriptor.rss_shmem_bytes);
        snapshot.swap_bytes = known(descriptor.swap_bytes);
        snapshot.cgroup_current_bytes = known(descriptor.cgroup_current_bytes);
        snapshot.cgroup_limit_bytes = known(descriptor.cgroup_limit_bytes);
        snapshot.pressure_some_avg10 = descriptor.pressure_some_avg10;
        std::atomic_thread_fence(std::memory_order_acquire);
        // Thinned and filled anew while it was read: it is found with its new number next time.
        const bool same = descriptor.state.load(std::memory_order_relaxed) == SnapshotState::held &&
                          descriptor.number == snapshot.number;
        if (same && snapshot.number > 0 && snapshot.number <= epoch)
            snapshots.push_back(std::move(snapshot));
    }
    std::ranges::sort(snapshots, {}, &model::SnapshotInfo::number);
    return snapshots;
}

model::Losses read_losses(const SessionView& view) {
    const Control& control = view.header().control;
    model::Losses losses;
    for (size_t reason = 0; reason < kDropReasons; ++reason)
        losses.dropped[reason] = control.dropped[reason].load();
    losses.unknown_deallocations = control.unknown_deallocations.load();
    losses.missed_deallocations = control.missed_deallocations.load();
    losses.snapshots_refused = control.snapshots_refused.load();
    losses.confined = control.confined.load(std::memory_order_relaxed) != 0;
    losses.missing_file_bytes = view.missing_bytes();
    losses.damaged_records = view.damage().count;
    losses.first_damage_offset = view.damage().first_offset;
    if (control.recording_stopped.load(std::memory_order_acquire) != 0) {
        losses.stop_reason = text(control.stop_reason);
        if (losses.stop_reason.empty()) losses.stop_reason = "the recorder gave no reason";
    }
    return losses;
}

model::VerifiedStacks read_verified_stacks(const Control& control) {
    return {control.verified_same.load(), control.verified_different.load(),
            control.verified_unknown.load(), control.verified_fast.load()};
}

std::vector<std::byte> read_embedded_symbols(const SessionView& view) {
    std::vector<std::byte> blob;
    for (const std::span<const std::byte> payload : view.symbols())
        blob.insert(blob.end(), payload.begin(), payload.end());
    uint64_t size = 0;
    if (blob.size() < sizeof size) return {};
    std::memcpy(&size, blob.data(), sizeof size);
    if (size > blob.size() - sizeof size) return {};
    blob.erase(blob.begin(), blob.begin() + sizeof size);
    blob.resize(size);
    return blob;
}

}  // namespace heapdrift::input
