#include <fmt/format.h>

#include <algorithm>

#include "analyzer/report/cuda_parts.h"
#include "analyzer/report/estimate_text.h"
#include "analyzer/report/text.h"
#include "analyzer/report/text_parts.h"
#include "analyzer/report/units.h"

namespace heapdrift::report {

namespace {

using model::Column;

enum class Part { totals, others };  // as domain_in_total divides the domains

// Sections of the plain report: the same rows by other columns. Mappings and their like have a
// section of their own, for their bytes would stand above and beside those that lie in them.
struct Section {
    Column column;
    const char* title;
    Part part;
};
constexpr Section kSections[] = {
    {Column::live_bytes, "Still live", Part::totals},
    {Column::allocations, "Most allocations", Part::totals},
    {Column::temporary, "Most temporary allocations", Part::totals},
    {Column::live_bytes, "Still live, no part of the totals", Part::others},
};

const char* title_of(Column column) {
    switch (column) {
        case Column::live_bytes:
            return "Most live bytes";
        case Column::live_allocations:
            return "Most live allocations";
        case Column::allocations:
            return "Most allocations";
        case Column::allocated_bytes:
            return "Most allocated bytes";
        case Column::deallocations:
            return "Most deallocations";
        case Column::temporary:
            return "Most temporary allocations";
        case Column::reallocations:
            return "Most reallocations";
        case Column::peak_live_bytes:
            return "Most live bytes at the high-water mark";
    }
    return "Rows";
}

std::string peak_text(const model::Profile& profile) {
    if (!profile.session.foreign_recorder.empty() && !profile.peak_seconds) return "not known";
    std::string text =
        mark(profile.session.mode == Mode::sampled) + format_bytes(profile.peak_live_bytes);
    if (profile.peak_seconds) text += " at " + format_seconds(*profile.peak_seconds);
    if (profile.balance_slack_bytes > 0)
        text += fmt::format(" (to within {})", format_bytes(profile.balance_slack_bytes));
    if (profile.peak) text += fmt::format("; by site at {}", format_seconds(profile.peak->seconds));
    return text;
}

void write_head(std::ostream& out, const ReportDocument& document, const Palette& palette) {
    const model::Profile& profile = document.profile;
    const model::SessionInfo& session = profile.session;
    const model::Totals totals = document.shown_totals();
    const model::Figures& all = totals.figures;
    const std::string filtered = document.filtered ? "; of what the filters keep" : "";
    write_session(out, palette, session);
    write_line(
        out, palette, "shown",
        (session.foreign_recorder.empty() ? point_text(profile) : "the last state") + filtered);
    const std::string allocations =
        fmt::format("{} of {} in all", count_text(all, Column::allocations),
                    bytes_text(all, Column::allocated_bytes));
    write_line(out, palette, "allocations",
               all.sampled ? allocations
                           : fmt::format("{}; {} temporary ({}), {} by realloc", allocations,
                                         format_count(all.temporary),
                                         format_percent(all.temporary, all.allocations),
                                         format_count(all.reallocations)));
    write_line(
        out, palette, "live",
        fmt::format("{} in {} allocations, {} of {} sites{}", bytes_text(all, Column::live_bytes),
                    count_text(all, Column::live_allocations), format_count(totals.live_sites),
                    format_count(totals.sites), all.estimated() ? " that were sampled" : ""));
    // The high-water mark is the heap's.
    if (!document.outside_totals) write_line(out, palette, "peak", peak_text(profile));
    for (uint32_t i = 1; i < kDomainCount; ++i) {
        const auto domain = static_cast<Domain>(i);
        const model::Totals part = model::domain_totals(profile, domain);
        if (part.sites == 0) continue;
        write_line(
            out, palette, domain_name(domain),
            fmt::format("{} live in {} allocations{}", bytes_text(part.figures, Column::live_bytes),
                        count_text(part.figures, Column::live_allocations),
                        domain_in_total(domain) ? "" : "; no part of the totals"));
    }
    write_cuda(out, palette, profile);
    write_losses(out, palette, profile);
}

// The site's figures in a line, the one that it is sorted by first.
std::string figures_text(const model::Figures& figures, Column column, uint64_t whole) {
    const std::string live = fmt::format("{} live in {}", bytes_text(figures, Column::live_bytes),
                                         count_text(figures, Column::live_allocations));
    const std::string share =
        whole == 0 ? ""
                   : fmt::format(" ({})", format_percent(model::value(figures, column), whole));
    std::string text;
    switch (column) {
        case Column::allocations:
            text = fmt::format("{} allocations of {}", count_text(figures, Column::allocations),
                               bytes_text(figures, Column::allocated_bytes));
            break;
        case Column::allocated_bytes:
            text = fmt::format("{} allocated in {}", bytes_text(figures, Column::allocated_bytes),
                               count_text(figures, Column::allocations));
            break;
        case Column::deallocations:
            text = fmt::format("{} deallocations", count_text(figures, Column::deallocations));
            break;
        case Column::temporary:
            text = fmt::format("{} temporary of {} allocations",
                               count_text(figures, Column::temporary),
                               count_text(figures, Column::allocations));
            break;
        case Column::reallocations:
            text = fmt::format("{} reallocations", count_text(figures, Column::reallocations));
            break;
        case Column::peak_live_bytes:
            text = fmt::format("{} at the high-water mark",
                               bytes_text(figures, Column::peak_live_bytes));
            break;
        case Column::live_bytes:
        case Column::live_allocations:
            text = fmt::format("{} in {}", bytes_text(figures, Column::live_bytes),
                               count_text(figures, Column::live_allocations));
            if (figures.live_allocations > 0)
                text += fmt::format(", average {}",
                                    format_bytes(figures.live_bytes / figures.live_allocations));
            return text + share;
    }
    return text + share + ", " + live;
}

void write_stacks(std::ostream& out, const ReportDocument& document,
                  const std::vector<model::Row>& rows, Column column, const Palette& palette,
                  StackWriter& stacks) {
    const uint64_t whole = model::value(document.shown_totals().figures, column);
    for (size_t i = 0; i < shown(rows.size(), document.top); ++i) {
        const model::Site& site = document.profile.sites[rows[i].site];
        const bool heap = site.domain == Domain::heap;
        out << fmt::format("{:>4}  ", i + 1)
            << palette.strong(figures_text(
                   rows[i].figures, column,
                   document.outside_totals || domain_in_total(site.domain) ? whole : 0))
            << (heap ? "" : fmt::format("  [{}]", domain_name(site.domain))) << '\n';
        stacks.write(document.profile, site);
    }
}

void write_table(std::ostream& out, const ReportDocument& document,
                 const std::vector<model::Row>& rows, const Palette& palette) {
    const char* group = model::kGroupByNames[static_cast<size_t>(document.grouping.group_by)];
    if (document.by_thread()) {
        out << palette.faint(fmt::format("{:>14} {:>11} {:>14}  {}", "ALLOCATIONS", "ALLOCATED",
                                         "DEALLOCATIONS", group))
            << '\n';
        for (size_t i = 0; i < shown(rows.size(), document.top); ++i)
            out << fmt::format(
                "{:>14} {:>11} {:>14}  {}\n", count_text(rows[i].figures, Column::allocations),
                short_bytes_text(rows[i].figures, Column::allocated_bytes),
                count_text(rows[i].figures, Column::deallocations), printable(rows[i].key));
        return;
    }
    // Of estimates: the interval of what is live, and no temporary allocations.
    const bool sampled = document.profile.session.mode == Mode::sampled;
    out << palette.faint(fmt::format("{:>10} {:>11} {:>10} {:>13} {:>11} {:>{}}  {}", "LIVE",
                                     "LIVE COUNT", "PEAK", "ALLOCATIONS", "ALLOCATED",
                                     sampled ? "LIVE WITHIN" : "TEMPORARY", sampled ? 24 : 11,
                                     group))
        << '\n';
    for (size_t i = 0; i < shown(rows.size(), document.top); ++i) {
        const model::Figures& figures = rows[i].figures;
        out << fmt::format(
            "{:>10} {:>11} {:>10} {:>13} {:>11} {:>{}}  {}\n",
            short_bytes_text(figures, Column::live_bytes),
            count_text(figures, Column::live_allocations),
            short_bytes_text(figures, Column::peak_live_bytes),
            count_text(figures, Column::allocations),
            short_bytes_text(figures, Column::allocated_bytes),
            sampled ? interval_text(figures, Column::live_bytes) : format_count(figures.temporary),
            sampled ? 24 : 11, printable(rows[i].key));
    }
}

void write_section(std::ostream& out, const ReportDocument& document, std::vector<model::Row> rows,
                   const Section& section, const Palette& palette, StackWriter& stacks) {
    std::erase_if(rows, [&](const model::Row& row) {
        return model::value(row.figures, section.column) == 0;
    });
    if (rows.empty()) return;
    model::sort_rows(rows, section.column);
    out << '\n'
        << palette.strong(fmt::format("{}: {} of {}", section.title,
                                      shown(rows.size(), document.top), rows.size()))
        << '\n';
    if (document.by_traceback())
        write_stacks(out, document, rows, section.column, palette, stacks);
    else
        write_table(out, document, rows, palette);
}

void write_sections(std::ostream& out, const ReportDocument& document, const Palette& palette,
                    StackWriter& stacks) {
    for (const Section& section : kSections) {
        std::vector<model::Row> rows = document.rows;
        std::erase_if(rows, [&](const model::Row& row) {
            const bool in_totals = document.outside_totals || domain_in_total(row.domain);
            return in_totals != (section.part == Part::totals);
        });
        write_section(out, document, std::move(rows), section, palette, stacks);
    }
}

}  // namespace

void write_report_text(std::ostream& out, const ReportDocument& document, const Palette& palette) {
    StackWriter stacks(out, palette, document.frames);
    write_head(out, document, palette);
    if (document.shown_totals().figures.live_allocations == 0 && !document.by_thread())
        out << (document.profile.session.mode == Mode::sampled
                    ? "\nNothing that was sampled is live.\n"
                    : "\nNothing is live.\n");
    if (document.by_traceback() && !document.column_chosen)
        write_sections(out, document, palette, stacks);
    else
        write_section(out, document, document.rows,
                      {document.column, title_of(document.column), Part::totals}, palette, stacks);
    write_cuda_events(out, palette, document.profile, stacks);
    stacks.write_hint();
    if (document.rows_below_minimum > 0)
        out << fmt::format("\n{} rows with less than {} live are not shown.\n",
                           format_count(document.rows_below_minimum),
                           format_bytes(document.minimum_bytes));
    if (document.grouping.cumulative)
        out << "\nCumulative: each place has the figures of every stack that it is on, once.\n";
    if (document.by_thread())
        out << "\nBy thread only allocations are known: what a thread allocated may be freed by "
               "another.\n";
}

}  // namespace heapdrift::report
