#include "analyzer/report/text_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "analyzer/model/place.h"
#include "analyzer/report/units.h"

namespace heapdrift::report {

namespace {

std::string count_of(uint64_t count, const char* one, const char* many) {
    return fmt::format("{} {}", format_count(count), count == 1 ? one : many);
}

std::string dropped_text(const model::Losses& losses) {
    std::string text = fmt::format("{} dropped", format_count(losses.dropped_total()));
    std::string reasons;
    for (uint32_t reason = 0; reason < kDropReasons; ++reason) {
        if (losses.dropped[reason] == 0) continue;
        reasons += fmt::format("{}{} {}", reasons.empty() ? "" : ", ",
                               format_count(losses.dropped[reason]), drop_reason_name(reason));
    }
    return reasons.empty() ? text : fmt::format("{} ({})", text, reasons);
}

std::string signal_text(uint32_t signal) {
    const char* name = sigabbrev_np(static_cast<int>(signal));
    return name == nullptr ? fmt::format("signal {}", signal) : fmt::format("SIG{}", name);
}

// As it can be typed again.
std::string shell_word(const std::string& argument) {
    constexpr std::string_view kPlain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-";
    // Letters beyond ASCII are plain too.
    const bool plain = std::ranges::all_of(argument, [&](char c) {
        return static_cast<unsigned char>(c) >= 0x80 || kPlain.find(c) != std::string_view::npos;
    });
    if (plain && !argument.empty()) return argument;
    std::string quoted = "'";
    for (const char c : argument) quoted += c == '\'' ? R"('\'')" : std::string(1, c);
    return quoted + "'";
}

}  // namespace

std::string printable(std::string_view text) {
    std::string safe;
    for (const char c : text) safe += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    return safe;
}

std::string command_line_text(const model::SessionInfo& session) {
    std::string text;
    for (const std::string& argument : session.command_line)
        text += (text.empty() ? "" : " ") + shell_word(printable(argument));
    return text.empty() ? printable(session.program) : text;
}

std::string ending_text(const model::SessionInfo& session) {
    switch (session.ending) {
        case model::Ending::running:
            return "still running";
        case model::Ending::exit:
            return fmt::format("exited with status {}", session.exit_status);
        case model::Ending::exec:
            return "executed another program";
        case model::Ending::signal:
            return "ended by " + signal_text(session.exit_status);
        case model::Ending::killed:
            return "was killed, or ended without a word";
        case model::Ending::unknown:
            break;
    }
    return "ended in an unknown way";
}

std::string mode_text(const model::SessionInfo& session) {
    if (session.mode == Mode::exact) return "exact: every allocation";
    return fmt::format("sampled every {}: figures are estimates, ± is a 95 % interval",
                       format_bytes(session.sampling_interval_bytes));
}

std::string point_text(const model::Profile& profile) {
    const std::string time = format_seconds(profile.at_seconds());
    if (!profile.at)
        return fmt::format("@last, {}, {}",
                           profile.session.ending == model::Ending::running ? "now" : "at the end",
                           time);
    return fmt::format(
        "@{}, {}{}, {}", profile.at->number, model::snapshot_kind_name(profile.at->kind),
        profile.at->label.empty() ? "" : fmt::format(" \"{}\"", printable(profile.at->label)),
        time);
}

std::string stopped_text(const model::Losses& losses) {
    return fmt::format(
        "the session file could not grow: {}; known call stacks were counted on to the end, new "
        "ones were dropped and counted",
        printable(losses.stop_reason));
}

void write_line(std::ostream& out, const Palette& palette, const char* name,
                const std::string& text) {
    out << "  " << palette.faint(fmt::format("{:<13}", name)) << text << '\n';
}

void write_session(std::ostream& out, const Palette& palette, const model::SessionInfo& session) {
    if (!session.foreign_recorder.empty()) {
        out << palette.strong(command_line_text(session)) << '\n';
        write_line(out, palette, "recorded",
                   fmt::format("by {}; {}", session.foreign_recorder, mode_text(session)));
        return;
    }
    out << palette.strong(fmt::format("{} (pid {}), {}", command_line_text(session), session.pid,
                                      ending_text(session)))
        << '\n';
    write_line(out, palette, "recorded",
               fmt::format("{}, {}; {}", format_time(session.started_realtime_ns),
                           format_seconds(session.last_seconds), mode_text(session)));
}

void write_losses(std::ostream& out, const Palette& palette, const model::Profile& profile) {
    const model::Losses& losses = profile.losses;
    const model::Totals totals = model::totals(profile);
    const std::string unnamed = fmt::format(
        "{} of {} without a symbol", format_count(model::unsymbolized_addresses(profile)),
        count_of(profile.addresses.size(), "address", "addresses"));
    if (!profile.session.foreign_recorder.empty()) {
        write_line(out, palette, "not recorded", "not known; " + unnamed);
        return;
    }
    const std::string line = fmt::format(
        "{}; {}; {}", dropped_text(losses),
        count_of(totals.truncated_stacks, "truncated stack", "truncated stacks"), unnamed);
    write_line(out, palette, "not recorded",
               losses.dropped_total() > 0 ? palette.warning(line) : line);
    if (losses.unknown_deallocations > 0)
        write_line(
            out, palette, "",
            fmt::format("{} of memory that was allocated before recording began, or dropped",
                        count_of(losses.unknown_deallocations, "deallocation", "deallocations")));
    const auto warn = [&](const std::string& text) {
        write_line(out, palette, "", palette.warning(text));
    };
    if (losses.missed_deallocations > 0)
        warn(fmt::format(
            "{} not seen: the allocator gave the memory out again",
            count_of(losses.missed_deallocations, "deallocation was", "deallocations were")));
    if (losses.snapshots_refused > 0)
        warn(fmt::format("{} not taken on request: so many are held already",
                         count_of(losses.snapshots_refused, "snapshot was", "snapshots were")));
    if (losses.missing_file_bytes > 0)
        warn(fmt::format("the file is cut short by {}: what was there is lost, the rest is shown",
                         format_bytes(losses.missing_file_bytes)));
    if (losses.damaged_records > 0)
        warn(fmt::format("the file is damaged at {:#x}: {} left out", losses.first_damage_offset,
                         count_of(losses.damaged_records, "record is", "records are")));
    if (losses.unfinished_sites > 0)
        warn(fmt::format("{} cannot be followed to the end",
                         count_of(losses.unfinished_sites, "call stack", "call stacks")));
    if (!losses.stop_reason.empty()) warn(stopped_text(losses));
    if (losses.confined) warn(kConfinedText);
    write_line(out, palette, "own memory", format_bytes(profile.own_bytes));
}

std::string site_marks(const model::Site& site) {
    std::string marks;
    if (site.domain != Domain::heap) marks += fmt::format("  [{}]", domain_name(site.domain));
    if (site.ignored) marks += "  [ignored]";
    return marks;
}

void write_suppressions(std::ostream& out, const Palette& palette,
                        const model::Suppressions& suppressions) {
    const auto& rules = suppressions.rules;
    if (suppressions.notes.empty() && std::ranges::none_of(rules, &model::SuppressionRule::told))
        return;
    out << '\n' << palette.strong("Suppressions") << '\n';
    for (const model::SuppressionRule& rule : rules)
        if (rule.told())
            out << fmt::format("  {:>5}  {}  ({}){}\n",
                               rule.hits == 0 ? "-" : format_count(rule.hits), printable(rule.text),
                               printable(rule.origin),
                               rule.hits == 0 ? palette.faint(" matched nothing")
                                              : fmt::format(", {}", format_bytes(rule.live_bytes)));
    for (const std::string& note : suppressions.notes)
        out << "  " << palette.warning(printable(note)) << '\n';
}

void StackWriter::write(const model::Profile& profile, const model::Site& site) {
    size_t count = 0;
    size_t hidden = 0;
    for (const uint32_t address : profile.frames_of(site)) {
        for (const model::Frame& frame : model::frames_of_address(profile, address)) {
            if (limit_ != 0 && count == limit_) {
                ++hidden;
                continue;
            }
            out_ << "        " << printable(model::frame_text(profile, frame)) << '\n';
            ++count;
        }
    }
    cut_ = cut_ || hidden > 0;
    if (hidden > 0)
        out_ << "        " << palette_.faint(fmt::format("… {} more", hidden)) << '\n';
    else if (count == 0)
        out_ << "        " << palette_.faint("[no call stack]") << '\n';
    if (site.end != StackEnd::complete)
        out_ << "        "
             << palette_.faint(fmt::format("[truncated: {}]", stack_end_name(site.end))) << '\n';
}

void StackWriter::write_hint() const {
    if (!cut_) return;
    out_ << fmt::format("\nStacks are shown to {} frames; --frames 0 shows them whole.\n", limit_);
}

}  // namespace heapdrift::report
