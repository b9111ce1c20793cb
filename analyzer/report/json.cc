#include "analyzer/report/json.h"

#include <fmt/format.h>

#include "analyzer/report/cuda_parts.h"
#include "analyzer/report/json_parts.h"
#include "analyzer/report/scan_parts.h"

namespace heapdrift::report {

namespace {

constexpr size_t kColumns = model::kColumnNames.size();

void write_grouping(JsonWriter& json, const model::Grouping& grouping, model::Column column) {
    json.key("group_by").text(model::kGroupByNames[static_cast<size_t>(grouping.group_by)]);
    json.key("cumulative").boolean(grouping.cumulative);
    json.key("sorted_by").text(model::kColumnNames[static_cast<size_t>(column)]);
}

void write_row(JsonWriter& json, const ReportDocument& document, const model::Row& row,
               FrameTexts& frames) {
    json.begin_object();
    if (document.by_thread()) {
        json.key("key").text(row.key);
        json.key("allocations").number(row.figures.allocations);
        json.key("allocated_bytes").number(row.figures.allocated_bytes);
        json.key("deallocations").number(row.figures.deallocations);
        json.end_object();
        return;
    }
    if (document.by_traceback()) {
        const model::Site& site = document.profile.sites[row.site];
        json.key("site").number(site.id);
        json.key("domain").text(domain_name(site.domain));
        if (site.ignored) json.key("ignored").boolean(true);
        write_figures(json, row.figures);
        write_lost(json, document.profile, row.figures);
        json.key("stack_end").text(stack_end_name(site.end));
        json.key("frames").raw_value(frames.stack(site, document.frames));
    } else {
        json.key("key").text(row.key);
        json.key("sites").number(row.sites);
        write_figures(json, row.figures);
        write_lost(json, document.profile, row.figures);
    }
    json.end_object();
}

void write_verified_stacks(JsonWriter& json, const model::VerifiedStacks& verified) {
    json.key("verified_stacks").begin_object();
    json.key("same").number(verified.same);
    json.key("different").number(verified.different);
    json.key("unknown").number(verified.unknown);
    json.key("fast").number(verified.fast);
    json.end_object();
}

void write_findings(JsonWriter& json, const char* key,
                    const std::vector<model::Finding>& findings) {
    json.key(key).begin_array();
    for (const model::Finding& finding : findings) {
        json.begin_object();
        json.key("name").text(finding.name);
        json.key("count").number(finding.count);
        json.key("text").text(finding.text);
        json.end_object();
    }
    json.end_array();
}

void write_integrity(JsonWriter& json, const InfoDocument& document) {
    json.key("integrity").begin_object();
    json.key("whole").boolean(document.integrity.whole());
    json.key("records_checked").number(document.integrity.records);
    json.key("frames").number(document.integrity.frames);
    json.key("sites").number(document.integrity.sites);
    json.key("earlier_counters").number(document.integrity.earlier_counters);
    write_findings(json, "damages", document.integrity.damages);
    write_findings(json, "missing", document.missing);
    json.end_object();
}

void write_report_body(JsonWriter& json, const ReportDocument& document) {
    json.key("at");
    write_point(json, document.profile);
    json.key("filtered").boolean(document.filtered);
    write_totals(json, document.profile);
    write_scan(json, document.profile);
    write_grouping(json, document.grouping, document.column);
    json.key("row_count").number(document.rows.size());
    json.key("rows_below_minimum").number(document.rows_below_minimum);
    FrameTexts frames(document.profile);
    write_cuda(json, document.profile, frames, document.frames);
    json.key("rows").begin_array();
    for (size_t i = 0; i < shown(document.rows.size(), document.top); ++i)
        write_row(json, document, document.rows[i], frames);
    json.end_array();
}

void write_changes(JsonWriter& json, const model::Figures& old_figures,
                   const model::Figures& new_figures) {
    const bool estimated = old_figures.estimated() || new_figures.estimated();
    for (size_t i = 0; i < kColumns; ++i) {
        const auto column = static_cast<model::Column>(i);
        if ((old_figures.sampled || new_figures.sampled) && !model::known_by_sampling(column)) {
            json.key(model::kColumnNames[i]).null();
            json.key(fmt::format("{}_delta", model::kColumnNames[i])).null();
            continue;
        }
        const uint64_t now = model::value(new_figures, column);
        json.key(model::kColumnNames[i]).number(now);
        json.key(fmt::format("{}_delta", model::kColumnNames[i]))
            .signed_number(static_cast<int64_t>(now - model::value(old_figures, column)));
    }
    if (!estimated) return;
    write_estimates(json, new_figures);
    json.key("estimates_of_change").begin_object();
    for (size_t i = 0; i < kColumns; ++i) {
        const auto column = static_cast<model::Column>(i);
        if (model::known_by_sampling(column))
            write_interval(json, model::kColumnNames[i],
                           model::interval_of_change(old_figures, new_figures, column));
    }
    json.end_object();
}

void write_diff_row(JsonWriter& json, const DiffDocument& document, const model::DiffRow& row,
                    FrameTexts& old_frames, FrameTexts& new_frames) {
    json.begin_object();
    const model::Profile& side = document.side_of(row);
    if (row.site) {
        const model::Site& site = side.sites[*row.site];
        json.key("site").number(site.id);
        json.key("domain").text(domain_name(site.domain));
        if (site.ignored) json.key("ignored").boolean(true);
    } else {
        json.key("key").text(row.key);
    }
    json.key("only_in").text(model::only_in_name(row.only_in));
    write_changes(json, row.old_figures, row.new_figures);
    if (row.site) {
        FrameTexts& frames = &side == &document.old_profile ? old_frames : new_frames;
        json.key("frames").raw_value(frames.stack(side.sites[*row.site], document.frames));
    }
    json.end_object();
}

}  // namespace

void write_report_json(std::ostream& out, const ReportDocument& document) {
    JsonWriter json(out);
    json.begin_object();
    write_head(json, "report", {&document.profile});
    write_report_body(json, document);
    json.end_object();
}

void write_export_json(std::ostream& out, const ReportDocument& document) {
    JsonWriter json(out);
    json.begin_object();
    write_head(json, "export", {&document.profile});
    write_snapshots(json, document.profile);
    write_modules(json, document.profile);
    write_threads(json, document.profile);
    write_report_body(json, document);
    json.end_object();
}

void write_info_json(std::ostream& out, const InfoDocument& document) {
    const model::Profile& profile = document.profile;
    JsonWriter json(out);
    json.begin_object();
    write_head(json, "info", {&profile});
    json.key("at");
    write_point(json, profile);
    write_totals(json, profile);
    write_scan(json, profile);
    FrameTexts frames(profile);
    write_cuda(json, profile, frames, 0);
    write_verified_stacks(json, profile.verified);
    write_integrity(json, document);
    write_snapshots(json, profile);
    write_modules(json, profile);
    write_threads(json, profile);
    json.end_object();
}

void write_diff_json(std::ostream& out, const DiffDocument& document) {
    JsonWriter json(out);
    json.begin_object();
    write_head(json, "diff", {&document.old_profile, &document.new_profile});
    json.key("old_at");
    write_point(json, document.old_profile);
    json.key("new_at");
    write_point(json, document.new_profile);
    json.key("filtered").boolean(document.filtered);
    json.key("totals").begin_object();
    write_changes(json, model::totals(document.old_profile).figures,
                  model::totals(document.new_profile).figures);
    json.end_object();
    json.key("old_losses");
    write_losses(json, document.old_profile.losses);
    json.key("new_losses");
    write_losses(json, document.new_profile.losses);
    write_grouping(json, document.grouping, document.column);
    json.key("row_count").number(document.rows.size());
    json.key("rows_below_minimum").number(document.rows_below_minimum);
    json.key("rows").begin_array();
    FrameTexts old_frames(document.old_profile);
    FrameTexts new_frames(document.new_profile);
    for (size_t i = 0; i < shown(document.rows.size(), document.top); ++i)
        write_diff_row(json, document, document.rows[i], old_frames, new_frames);
    json.end_array();
    json.end_object();
}

}  // namespace heapdrift::report
