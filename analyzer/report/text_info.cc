#include <fmt/format.h>

#include "analyzer/report/cuda_parts.h"
#include "analyzer/report/estimate_text.h"
#include "analyzer/report/scan_parts.h"
#include "analyzer/report/text.h"
#include "analyzer/report/text_parts.h"
#include "analyzer/report/units.h"

namespace heapdrift::report {

namespace {

std::string optional_bytes(const std::optional<uint64_t>& bytes) {
    return bytes ? format_bytes(*bytes) : "-";
}

void write_verified(std::ostream& out, const model::VerifiedStacks& verified,
                    const Palette& palette) {
    if (verified.compared() == 0) return;
    const std::string line = fmt::format(
        "{} stacks compared with libunwind's: {} different, {} that libunwind did not follow as "
        "far; "
        "{} found without a whole walk",
        format_count(verified.compared()), format_count(verified.different),
        format_count(verified.unknown), format_count(verified.fast));
    write_line(out, palette, "verified", verified.different > 0 ? palette.warning(line) : line);
}

void write_snapshots(std::ostream& out, const model::Profile& profile, const Palette& palette) {
    if (profile.snapshots.empty()) {
        out << "\nNo snapshots are held.\n";
        return;
    }
    out << '\n' << palette.strong(fmt::format("Snapshots: {}", profile.snapshots.size())) << '\n';
    out << palette.faint(fmt::format("{:>6} {:>12}  {:<10} {:>10} {:>10} {:>10}  {}", "NUMBER",
                                     "TIME", "KIND", "PEAK", "RSS ANON", "SWAP", "LABEL"))
        << '\n';
    for (const model::SnapshotInfo& snapshot : profile.snapshots) {
        std::string line = fmt::format(
            "{:>6} {:>12}  {:<10} {:>10} {:>10} {:>10}  {}{}", fmt::format("@{}", snapshot.number),
            format_seconds(snapshot.seconds), model::snapshot_kind_name(snapshot.kind),
            format_bytes(snapshot.peak_live_bytes), optional_bytes(snapshot.rss_anon_bytes),
            optional_bytes(snapshot.swap_bytes), printable(snapshot.label),
            snapshot.idle ? " (late: the program was idle)" : "");
        line.erase(line.find_last_not_of(' ') + 1);
        out << line << '\n';
    }
}

void write_origin(std::ostream& out, const Palette& palette, const model::SessionInfo& session) {
    if (!session.foreign_recorder.empty()) {
        write_line(out, palette, "recorded",
                   fmt::format("by {}; {}", session.foreign_recorder, mode_text(session)));
        return;
    }
    write_line(
        out, palette, "process",
        session.merged > 0
            ? fmt::format("the sum of {} recordings; no snapshots, threads and scans, and no "
                          "peak of all",
                          session.merged)
            : fmt::format("{} (parent {}){}{}, {}", session.pid, session.parent_pid,
                          session.image > 0 ? fmt::format(", image {}", session.image) : "",
                          session.forked ? ", forked" : "", ending_text(session)));
    write_line(out, palette, "recorded",
               fmt::format("{}, {}; {}, by heapdrift {}", format_time(session.started_realtime_ns),
                           format_seconds(session.last_seconds),
                           session.mode == Mode::sampled ? mode_text(session) : "exact",
                           printable(session.tool_version)));
}

// The last line says it all, for those who look at nothing else.
void write_integrity(std::ostream& out, const InfoDocument& document, const Palette& palette) {
    const model::Integrity& integrity = document.integrity;
    const model::SessionInfo& session = document.profile.session;
    out << '\n';
    for (const model::Finding& damage : integrity.damages)
        write_line(out, palette, "damaged", palette.warning(printable(damage.text)));
    std::string missing;
    for (const model::Finding& part : document.missing)
        missing += (missing.empty() ? "" : "; ") + part.text;
    if (integrity.whole())
        out << palette.strong(session.ending == model::Ending::running ? "Whole so far" : "Whole")
            << fmt::format(": {} records make sense. ", format_count(integrity.records));
    else
        out << palette.warning("Damaged") << ": what still reads is shown. ";
    out << (missing.empty() ? "Nothing is missing." : "Missing: " + missing + '.') << '\n';
}

}  // namespace

void write_info_text(std::ostream& out, const InfoDocument& document, const Palette& palette) {
    const model::Profile& profile = document.profile;
    const model::SessionInfo& session = profile.session;
    const model::Totals totals = model::totals(profile);
    out << palette.strong(printable(session.path)) << '\n';
    write_line(out, palette, "program", printable(session.program));
    write_line(out, palette, "command", command_line_text(session));
    write_origin(out, palette, session);
    write_line(
        out, palette, "holds",
        fmt::format("{} sites, {} frames, {} modules, {} threads", format_count(totals.sites),
                    format_count(profile.addresses.size()), format_count(profile.modules.size()),
                    format_count(profile.threads.size())));
    write_line(
        out, palette, "live",
        fmt::format("{} in {} allocations", bytes_text(totals.figures, model::Column::live_bytes),
                    count_text(totals.figures, model::Column::live_allocations)));
    write_scan(out, palette, profile);
    write_cuda(out, palette, profile);
    write_losses(out, palette, profile);
    write_verified(out, profile.verified, palette);
    write_snapshots(out, profile, palette);
    write_integrity(out, document, palette);
}

}  // namespace heapdrift::report
