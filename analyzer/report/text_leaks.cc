#include <fmt/format.h>

#include <cmath>

#include "analyzer/report/estimate_text.h"
#include "analyzer/report/text.h"
#include "analyzer/report/text_parts.h"
#include "analyzer/report/units.h"

namespace heapdrift::report {

namespace {

std::string snapshots_text(const model::History& history) {
    const size_t count = history.points.size();
    if (count == 0) return "none was taken before the end: growth cannot be judged";
    if (count < model::kLeastSnapshots)
        return fmt::format("{}: too few to judge growth, at least {} are needed", count,
                           model::kLeastSnapshots);
    const std::string text =
        fmt::format("{}, the last at {}", count, format_seconds(history.points.back().seconds));
    if (count >= model::kEnoughSnapshots) return text;
    return fmt::format("{}; more than \"likely\" needs {}", text, model::kEnoughSnapshots);
}

void write_head(std::ostream& out, const LeaksDocument& document, const Palette& palette) {
    const model::Profile& profile = document.profile;
    const model::SessionInfo& session = profile.session;
    write_session(out, palette, session);
    write_line(out, palette, "judged at",
               point_text(profile) + (document.filtered ? "; of what the filters keep" : ""));
    const std::string snapshots = snapshots_text(document.history);
    write_line(out, palette, "snapshots",
               document.history.points.size() < model::kEnoughSnapshots ? palette.warning(snapshots)
                                                                        : snapshots);
    if (session.mode == Mode::sampled)
        write_line(out, palette, "", "blocks that readings and evidence count are those sampled");
    std::string unknown;
    for (const char* sign : document.unknown_signs())
        unknown += (unknown.empty() ? "" : ", ") + std::string(sign);
    if (!unknown.empty()) write_line(out, palette, "not known", unknown);
    if (document.ignored.sites > 0)
        write_line(out, palette, "ignored",
                   fmt::format("{} live in {} allocations of {} sites, as the program asked",
                               format_bytes(document.ignored.live_bytes),
                               format_count(document.ignored.live_allocations),
                               format_count(document.ignored.sites)));
    write_losses(out, palette, profile);
}

std::string rate(double bytes) {
    const std::string text = format_bytes(static_cast<uint64_t>(std::llround(std::abs(bytes))));
    return bytes < 0 ? "-" + text : text;
}

std::string growth_text(const model::LeakScore& leak) {
    const model::Slope& second = leak.bytes_per_second;
    if (second.estimate == 0 && second.high == 0) return "";
    return fmt::format("grows by {}/s ({} to {}), {} a snapshot", rate(second.estimate),
                       rate(second.low), rate(second.high), rate(leak.bytes_per_snapshot.estimate));
}

std::string count(double blocks) {
    return format_count(static_cast<uint64_t>(std::llround(blocks)));
}

// The age is the least that a block can have had: it lived less than one interval more.
std::string less_than(double age) {
    const long intervals = std::lround(std::floor(age + 1e-6)) + 1;
    return fmt::format("less than {} interval{}", intervals, intervals == 1 ? "" : "s");
}

std::string lifetimes_text(const model::Lifetimes& lifetimes) {
    const auto& born = lifetimes.born;
    const std::string live =
        fmt::format("of those live {}, {}, {} and {} were allocated in the quarters of the run",
                    count(born[0]), count(born[1]), count(born[2]), count(born[3]));
    if (lifetimes.freed < 0.5) return "no block was freed; " + live;
    if (lifetimes.longest < 1)
        return fmt::format("of {} freed blocks all lived {}; {}", count(lifetimes.freed),
                           less_than(lifetimes.longest), live);
    return fmt::format("of {} freed blocks half lived {}, 95 % {}, all {}; {}",
                       count(lifetimes.freed), less_than(lifetimes.half), less_than(lifetimes.most),
                       less_than(lifetimes.longest), live);
}

void write_leak(std::ostream& out, const LeaksDocument& document, size_t index,
                const Palette& palette, StackWriter& stacks) {
    const model::LeakScore& leak = document.leaks[index];
    const model::Site& site = document.site_of(leak);
    out << fmt::format("{:>4}  ", index + 1)
        << palette.strong(fmt::format("{:.2f} {} ({}), {} live in {}", leak.score,
                                      model::verdict_name(leak.verdict()),
                                      model::leak_kind_name(leak.kind),
                                      bytes_text(site.figures, model::Column::live_bytes),
                                      count_text(site.figures, model::Column::live_allocations)))
        << site_marks(site) << '\n';
    if (!leak.reading.empty()) out << "      " << leak.reading << '\n';
    const std::string growth = growth_text(leak);
    if (!growth.empty()) out << "      " << growth << '\n';
    if (document.explained) {
        for (const model::Evidence& item : leak.evidence)
            out << "      "
                << palette.faint(item.weight > 0
                                     ? fmt::format("{:<12} {:.2f} ^{:<4.2f}  ", item.name,
                                                   item.value, item.weight)
                                     : fmt::format("{:<12} {:<11}  ", item.name, "caps"))
                << item.text << '\n';
        if (document.history.points.size() >= model::kLeastSnapshots)
            out << "      " << palette.faint(fmt::format("{:<23}  ", "lifetimes"))
                << lifetimes_text(leak.lifetimes) << '\n';
    }
    stacks.write(document.profile, site);
}

const char* no_growth_text(const LeaksDocument& document) {
    const size_t count = document.history.points.size();
    if (count < model::kLeastSnapshots)
        return "\nGrowth was not judged: more snapshots are needed. Record for longer, or with a "
               "shorter --interval.\n";
    return document.least_score <= model::kWatchScore ? "\nNo site leaks, as far as growth shows.\n"
                                                      : "\nNo site has this score.\n";
}

void write_nothing(std::ostream& out, const LeaksDocument& document) {
    const model::Profile& profile = document.profile;
    out << no_growth_text(document);
    const bool may_scan = profile.session.foreign_recorder.empty() && profile.session.merged == 0;
    if (may_scan && !profile.scan && profile.scan_obstacle == ScanObstacle::none)
        out << "Lost blocks were not looked for: heapdrift run --scan does.\n";
}

}  // namespace

void write_leaks_text(std::ostream& out, const LeaksDocument& document, const Palette& palette) {
    StackWriter stacks(out, palette, document.frames, document.style);
    write_head(out, document, palette);
    if (document.leaks.empty()) {
        write_nothing(out, document);
        write_suppressions(out, palette, document.suppressions);
        return;
    }
    out << '\n'
        << palette.strong(fmt::format("Sites by score: {} of {}",
                                      shown(document.leaks.size(), document.top),
                                      document.leaks.size()))
        << '\n';
    for (size_t i = 0; i < document.leaks.size(); ++i)
        if (document.is_shown(i)) write_leak(out, document, i, palette, stacks);
    stacks.write_hint();
    write_suppressions(out, palette, document.suppressions);
    if (!document.explained) out << "\n--explain N shows the evidence behind a score.\n";
}

}  // namespace heapdrift::report
