#include "analyzer/input/session_loader.h"

#include <fmt/format.h>

#include <algorithm>

#include "analyzer/input/counters_at.h"
#include "analyzer/input/cuda_reader.h"
#include "analyzer/input/foreign/foreign_session.h"
#include "analyzer/input/process_state.h"
#include "analyzer/input/scan_reader.h"
#include "analyzer/input/session_info.h"
#include "analyzer/input/stack_reader.h"
#include "analyzer/model/failure.h"
#include "core/session_view.h"

namespace heapdrift::input {

namespace {

SessionView checked_view(const OpenedSession& opened) {
    SessionView view(opened.file.bytes());
    if (view.error() != ViewError::none)
        throw Failure(fmt::format("{}: {}", opened.path, view_error_text(view.error())));
    return view;
}

void read_high_water_mark(const Control& control, model::Profile& profile) {
    const uint64_t mark = control.peak_live_bytes.load();
    profile.peak_live_bytes = profile.at ? profile.at->peak_live_bytes : mark;
    if (profile.peak_live_bytes == mark && mark != 0)
        profile.peak_seconds = static_cast<double>(control.peak_time_ns.load()) * 1e-9;
    // A snapshot that saw a lower mark after that time: the mark rose later, at no known time.
    for (const model::SnapshotInfo& snapshot : profile.snapshots)
        if (profile.peak_seconds && snapshot.peak_live_bytes < mark &&
            snapshot.seconds > *profile.peak_seconds)
            profile.peak_seconds.reset();
    profile.balance_slack_bytes = control.balance_slack_bytes.load();
    // Each thread tells its balance in steps, so the mark may be a step behind what is live.
    const uint64_t live = model::domain_totals(profile, Domain::heap).figures.live_bytes;
    if (live > profile.peak_live_bytes) {
        profile.peak_live_bytes = live;
        profile.peak_seconds = profile.at_seconds();
    }
}

std::optional<model::SnapshotInfo> peak_until(const std::vector<model::SnapshotInfo>& snapshots,
                                              const std::optional<model::SnapshotInfo>& at) {
    for (const model::SnapshotInfo& snapshot : snapshots)
        if (snapshot.kind == SnapshotKind::peak && (!at || snapshot.number <= at->number))
            return snapshot;
    return std::nullopt;
}

void choose_points(const SessionView& view, const std::string& point, const std::string& path,
                   model::Profile& profile) {
    profile.snapshots = read_snapshots(view.header());
    try {
        profile.at =
            find_point(point, profile.snapshots, epoch_of(view.header().control.moment.load()));
    } catch (const Failure& failure) {
        throw Failure(fmt::format("{}: {}", path, failure.what()));
    }
    profile.peak = peak_until(profile.snapshots, profile.at);
}

bool still_held(const Header& header, const std::optional<model::SnapshotInfo>& snapshot) {
    return !snapshot || std::ranges::any_of(header.snapshots, [&](const auto& descriptor) {
        return descriptor.state.load(std::memory_order_acquire) == SnapshotState::held &&
               descriptor.number == snapshot->number;
    });
}

}  // namespace

OpenedSession open_session(const SessionAddress& address) {
    if (!address.pid) return {MappedFile::open(address.file), address.file};
    const OpenSession session = open_session_of(*address.pid);
    return {MappedFile::adopt(session.fd, session.path), session.path};
}

LoadedSession load_session(const SessionAddress& address) {
    return load_session(open_session(address), address.point);
}

LoadedSession load_session(OpenedSession opened, const std::string& point) {
    if (std::optional<LoadedSession> foreign = load_foreign_session(opened, point))
        return std::move(*foreign);
    LoadedSession loaded;
    model::Profile& profile = loaded.profile;
    std::vector<std::vector<Counters>> counters;
    // The recorder may thin out a snapshot while its values are read; then they are not its values.
    for (bool read_again = true; read_again;) {
        const SessionView view = checked_view(opened);
        choose_points(view, point, opened.path, profile);
        std::vector<uint32_t> points = {profile.at ? profile.at->number : kCurrent};
        if (profile.peak) points.push_back(profile.peak->number);
        counters = counters_at(view, points);
        read_again =
            !still_held(view.header(), profile.at) || !still_held(view.header(), profile.peak);
    }
    // Stacks of sites that were counted above may lie in segments that came after the view: a
    // file that grew is looked at again.
    opened.file.refresh();
    const SessionView view = checked_view(opened);
    profile.session =
        read_session_info(view, opened.path, opened.file.device(), opened.file.inode());
    profile.losses = read_losses(view);
    profile.verified = read_verified_stacks(view.header().control);
    profile.own_bytes = view.header().control.own_bytes.load();
    profile.modules = read_modules(view);
    profile.threads = read_threads(view);
    profile.cuda = read_cuda(view);
    std::optional<ScanResult> scanned = read_last_scan(view);
    if (scanned) profile.scan = scanned->scan;
    profile.scan_obstacle = view.header().control.scan_obstacle.load();
    loaded.merged_sites = read_sites(
        view, counters[0],
        counters.size() > 1 ? std::span<const Counters>(counters[1]) : std::span<const Counters>(),
        scanned ? std::span<const model::Reachability>(scanned->sites)
                : std::span<const model::Reachability>(),
        profile);
    read_high_water_mark(view.header().control, profile);
    loaded.embedded_symbols = read_embedded_symbols(view);
    return loaded;
}

}  // namespace heapdrift::input
