#include "analyzer/commands/report_document.h"

#include <fmt/format.h>

#include "analyzer/model/estimate.h"
#include "analyzer/model/failure.h"

namespace heapdrift::commands {

void check_known(const char* option, std::optional<model::Column> column,
                 const model::Profile& profile) {
    if (!column || model::known_by_sampling(*column)) return;
    const char* name = model::kColumnNames[static_cast<size_t>(*column)];
    const model::SessionInfo& session = profile.session;
    if (!session.foreign_recorder.empty())
        throw UsageFailure(fmt::format("{} {}: {} was recorded by {}, which does not know them",
                                       option, name, session.path, session.foreign_recorder));
    if (session.mode == Mode::sampled)
        throw UsageFailure(
            fmt::format("{} {}: {} was recorded in sampled mode, which does not "
                        "know them; record it again without --sample",
                        option, name, session.path));
}

report::ReportDocument make_report(const model::Profile& profile, const RowOptions& rows,
                                   const model::Filter& filter, Format format) {
    model::check(rows.grouping());
    check_known("--sort", rows.sort, profile);
    report::ReportDocument document{.profile = profile, .grouping = rows.grouping(), .rows = {}};
    if (document.by_thread() && (profile.at || !filter.empty()))
        throw UsageFailure(
            "--group-by thread shows each thread's allocations up to now: it goes with no "
            "snapshot but @last, and with no filter");
    if (document.by_thread() && profile.session.merged > 0)
        throw UsageFailure("--group-by thread: a sum of recordings does not hold their threads");
    document.column = rows.sort.value_or(document.by_thread() ? model::Column::allocations
                                                              : model::Column::live_bytes);
    document.column_chosen = rows.sort.has_value();
    document.minimum_bytes = parse_size(rows.min_bytes);
    document.top = rows.rows_shown(format);
    document.frames = rows.frames_shown(format);
    document.filtered = !filter.empty();
    document.outside_totals = filter.outside_totals();
    document.rows = model::aggregate(profile, rows.grouping());
    if (!document.by_thread())
        document.rows_below_minimum = std::erase_if(document.rows, [&](const model::Row& row) {
            return row.figures.live_bytes < document.minimum_bytes;
        });
    model::sort_rows(document.rows, document.column);
    return document;
}

report::DiffDocument make_diff(const model::Profile& old_profile, const model::Profile& new_profile,
                               const RowOptions& rows, const model::Filter& filter, Format format) {
    model::check(rows.grouping());
    check_known("--sort", rows.sort, old_profile);
    check_known("--sort", rows.sort, new_profile);
    if (rows.group_by == model::GroupBy::thread)
        throw UsageFailure(
            "--group-by thread: snapshots do not hold the figures of threads, so there is nothing "
            "to compare");
    report::DiffDocument document{.old_profile = old_profile,
                                  .new_profile = new_profile,
                                  .grouping = rows.grouping(),
                                  .rows = {}};
    document.column = rows.column();
    document.minimum_bytes = parse_size(rows.min_bytes);
    document.top = rows.rows_shown(format);
    document.frames = rows.frames_shown(format);
    document.filtered = !filter.empty();
    document.outside_totals = filter.outside_totals();
    document.rows = model::diff(old_profile, new_profile, rows.grouping());
    document.rows_below_minimum = std::erase_if(document.rows, [&](const model::DiffRow& row) {
        return row.old_figures.live_bytes < document.minimum_bytes &&
               row.new_figures.live_bytes < document.minimum_bytes;
    });
    model::sort_rows(document.rows, document.column);
    return document;
}

}  // namespace heapdrift::commands
