#include <fmt/format.h>

#include "analyzer/report/json.h"
#include "analyzer/report/json_parts.h"

namespace heapdrift::report {

namespace {

void write_bytes(JsonWriter& json, const char* key, double bytes) {
    json.key(key).raw_value(fmt::format("{:.0f}", bytes));
}

void write_trend(JsonWriter& json, const model::Trend& trend) {
    json.key("trend").text(model::trend_word_name(trend.word));
    write_bytes(json, "live_bytes", trend.current);
    write_bytes(json, "peak_live_bytes", trend.peak);
    write_bytes(json, "average_live_bytes", trend.average);
    write_bytes(json, "variance", trend.variance);
    write_slope(json, "growth_bytes_per_second", trend.per_second);
    json.key("p_increasing").raw_value(fmt::format("{:.6f}", trend.test.p_rising));
    json.key("p_decreasing").raw_value(fmt::format("{:.6f}", trend.test.p_falling));
    json.key("began_seconds").seconds_or_null(trend.began_seconds);
}

void write_row(JsonWriter& json, const TrendDocument& document, const TrendDocument::Run& run,
               const model::TrendRow& row, FrameTexts& frames) {
    json.begin_object();
    if (document.by_traceback()) {
        const model::Site& site = run.profile.sites[row.site];
        json.key("site").number(site.id);
        json.key("domain").text(domain_name(site.domain));
        write_trend(json, row.trend);
        json.key("frames").raw_value(frames.stack(site, document.frames));
    } else {
        json.key("key").text(row.key);
        write_trend(json, row.trend);
    }
    json.end_object();
}

void write_forecast(JsonWriter& json, const TrendDocument& document) {
    json.key("forecast");
    if (!document.forecast) {
        json.null();
        return;
    }
    const model::Forecast& forecast = *document.forecast;
    json.begin_object();
    json.key("limit_of").text(document.limit_of_container ? "container" : "option");
    json.key("measured_by")
        .text(document.limit_of_container ? "cgroup_current_bytes" : "live_bytes");
    write_bytes(json, "limit_bytes", forecast.limit);
    write_bytes(json, "current_bytes", forecast.current);
    write_slope(json, "growth_bytes_per_second", forecast.per_second);
    json.key("seconds").seconds_or_null(forecast.seconds);
    json.key("earliest_seconds").seconds_or_null(forecast.earliest_seconds);
    json.key("latest_seconds").seconds_or_null(forecast.latest_seconds);
    json.end_object();
}

void write_run_row(JsonWriter& json, const model::RunRow& row) {
    json.begin_object();
    json.key("key").text_or_null(row.key);
    json.key("trend").text(model::trend_word_name(row.across.word));
    write_slope(json, "growth_bytes_per_run", row.bytes_per_run);
    json.key("runs").begin_array();
    for (const std::optional<model::Trend>& run : row.runs) {
        if (!run) {
            json.null();
            continue;
        }
        json.begin_object();
        write_trend(json, *run);
        json.end_object();
    }
    json.end_array();
    json.end_object();
}

}  // namespace

void write_trend_json(std::ostream& out, const TrendDocument& document) {
    const TrendDocument::Run& last = document.runs.back();
    JsonWriter json(out);
    json.begin_object();
    std::vector<const model::Profile*> profiles;
    for (const TrendDocument::Run& run : document.runs) profiles.push_back(&run.profile);
    write_head(json, "trend", profiles);
    json.key("at");
    write_point(json, last.profile);
    json.key("filtered").boolean(document.filtered);
    json.key("group_by").text(model::kGroupByNames[static_cast<size_t>(document.group_by)]);
    json.key("seconds").begin_array();
    for (const model::HistoryPoint& point : last.history.points) json.seconds(point.seconds);
    json.end_array();
    json.key("total").begin_object();
    write_trend(json, last.table.total.trend);
    json.end_object();
    write_forecast(json, document);
    write_suppressions(json, document.suppressions);
    json.key("losses");
    write_losses(json, last.profile.losses);
    json.key("row_count").number(last.table.rows.size());
    json.key("rows").begin_array();
    FrameTexts frames(last.profile);
    for (size_t i = 0; i < shown(last.table.rows.size(), document.top); ++i)
        write_row(json, document, last, last.table.rows[i], frames);
    json.end_array();
    json.key("history").begin_array();
    for (size_t i = 0; i < shown(document.joined.size(), document.top); ++i)
        write_run_row(json, document.joined[i]);
    json.end_array();
    json.end_object();
    out << '\n';
}

}  // namespace heapdrift::report
