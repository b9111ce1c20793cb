#include <fmt/format.h>

#include "analyzer/report/estimate_text.h"
#include "analyzer/report/text.h"
#include "analyzer/report/text_parts.h"
#include "analyzer/report/units.h"

namespace heapdrift::report {

namespace {

using model::Column;

void write_side(std::ostream& out, const Palette& palette, const char* name,
                const model::Profile& profile) {
    const model::SessionInfo& session = profile.session;
    const std::string point =
        session.foreign_recorder.empty() ? point_text(profile) : "by " + session.foreign_recorder;
    out << palette.strong(name) << ' ' << printable(session.path) << "  " << point << "  ("
        << command_line_text(session);
    if (session.foreign_recorder.empty())
        out << ", pid " << session.pid << ", " << ending_text(session);
    out << ")\n";
    if (profile.session.mode == Mode::sampled)
        write_line(out, palette, "recorded", mode_text(profile.session));
}

std::string painted(const Palette& palette, int64_t delta, const std::string& text) {
    if (delta == 0) return text;
    return delta > 0 ? palette.more(text) : palette.less(text);
}

// As tracemalloc writes a StatisticDiff, behind the place and a colon.
std::string change_text(const model::Figures& then, const model::Figures& now,
                        const Palette& palette) {
    const auto delta = [&](Column column) {
        return static_cast<int64_t>(model::value(now, column) - model::value(then, column));
    };
    std::string text =
        fmt::format("size={} ({}), count={} ({})", short_bytes_text(now, Column::live_bytes),
                    painted(palette, delta(Column::live_bytes),
                            bytes_change_text(then, now, Column::live_bytes)),
                    count_text(now, Column::live_allocations),
                    painted(palette, delta(Column::live_allocations),
                            count_change_text(then, now, Column::live_allocations)));
    if (now.live_allocations > 0)
        text += fmt::format(", average={}", format_bytes(now.live_bytes / now.live_allocations));
    return text;
}

std::string other_column_text(const model::DiffRow& row, Column column) {
    if (column == Column::live_bytes || column == Column::live_allocations) return "";
    const model::Figures& then = row.old_figures;
    const model::Figures& now = row.new_figures;
    const bool bytes = column == Column::allocated_bytes || column == Column::peak_live_bytes;
    return fmt::format(
        ", {}={} ({})", model::kColumnNames[static_cast<size_t>(column)],
        bytes ? short_bytes_text(now, column) : count_text(now, column),
        bytes ? bytes_change_text(then, now, column) : count_change_text(then, now, column));
}

const char* only_in_text(model::OnlyIn only_in) {
    switch (only_in) {
        case model::OnlyIn::old_side:
            return "  [only in OLD]";
        case model::OnlyIn::new_side:
            return "  [only in NEW]";
        case model::OnlyIn::both:
            return "";
    }
    return "";
}

void write_row(std::ostream& out, const DiffDocument& document, const model::DiffRow& row,
               const Palette& palette, StackWriter& stacks) {
    const std::string change = change_text(row.old_figures, row.new_figures, palette) +
                               other_column_text(row, document.column) + only_in_text(row.only_in);
    if (!row.site) {
        out << palette.strong(printable(row.key)) << ": " << change << '\n';
        return;
    }
    const model::Profile& side = document.side_of(row);
    const model::Site& site = side.sites[*row.site];
    out << change << site_marks(site) << '\n';
    stacks.write(side, site);
}

}  // namespace

void write_diff_text(std::ostream& out, const DiffDocument& document, const Palette& palette) {
    write_side(out, palette, "OLD", document.old_profile);
    write_losses(out, palette, document.old_profile);
    write_side(out, palette, "NEW", document.new_profile);
    write_losses(out, palette, document.new_profile);
    out << '\n';
    StackWriter stacks(out, palette, document.frames);
    size_t changed = 0;
    while (changed < document.rows.size() &&
           (document.rows[changed].delta(document.column) != 0 ||
            document.rows[changed].delta(Column::live_allocations) != 0))
        ++changed;
    const size_t count = shown(changed, document.top);
    for (size_t i = 0; i < count; ++i) write_row(out, document, document.rows[i], palette, stacks);
    if (changed > count)
        out << palette.faint(fmt::format("… {} more rows changed", changed - count)) << '\n';
    if (document.rows.size() > changed)
        out << palette.faint(fmt::format("{} rows did not change", document.rows.size() - changed))
            << '\n';
    if (document.rows_below_minimum > 0)
        out << palette.faint(fmt::format("{} rows have less than {} on both sides",
                                         document.rows_below_minimum,
                                         format_bytes(document.minimum_bytes)))
            << '\n';
    const model::Figures then = document.shown_totals(document.old_profile).figures;
    const model::Figures now = document.shown_totals(document.new_profile).figures;
    out << palette.strong("total") << ": " << change_text(then, now, palette)
        << (document.filtered ? "; of what the filters keep" : "") << '\n';
    stacks.write_hint();
}

}  // namespace heapdrift::report
