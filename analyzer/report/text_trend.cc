#include <fmt/format.h>

#include <cmath>

#include "analyzer/report/text.h"
#include "analyzer/report/text_parts.h"
#include "analyzer/report/units.h"

namespace heapdrift::report {

namespace {

constexpr double kTenYears = 10 * 365.25 * 86400;

std::string bytes_of(double bytes) {
    const std::string text = format_bytes(static_cast<uint64_t>(std::llround(std::abs(bytes))));
    return bytes < -0.5 ? "-" + text : text;
}

std::string rate_text(const model::Slope& slope, const char* unit) {
    return fmt::format("{}/{} ({} to {})", bytes_of(slope.estimate), unit, bytes_of(slope.low),
                       bytes_of(slope.high));
}

std::string trend_text(const model::Trend& trend) {
    std::string text = fmt::format("{}: {} live, peak {}, average {} \u00b1 {}",
                                   model::trend_word_name(trend.word), bytes_of(trend.current),
                                   bytes_of(trend.peak), bytes_of(trend.average),
                                   bytes_of(std::sqrt(trend.variance)));
    if (trend.word == model::TrendWord::unknown) return text;
    text += "; " + rate_text(trend.per_second, "s");
    if (trend.began_seconds && *trend.began_seconds > 0)
        text += fmt::format(", since {}", format_seconds(*trend.began_seconds));
    return text;
}

std::string forecast_text(const TrendDocument& document) {
    const model::Forecast& forecast = *document.forecast;
    const std::string limit =
        fmt::format("{} of {}{}", bytes_of(forecast.current), bytes_of(forecast.limit),
                    document.limit_of_container ? ", the container's limit" : "");
    if (!forecast.seconds || *forecast.seconds > kTenYears)
        return limit + ": not within ten years at the present rate";
    if (*forecast.seconds <= 0) return limit + ": reached";
    return fmt::format("{}: reached in {} (95 %: {} to {})", limit,
                       format_seconds(*forecast.seconds),
                       format_seconds(forecast.earliest_seconds.value_or(0)),
                       forecast.latest_seconds && *forecast.latest_seconds < kTenYears
                           ? format_seconds(*forecast.latest_seconds)
                           : "never");
}

void write_head(std::ostream& out, const TrendDocument& document, const Palette& palette) {
    const TrendDocument::Run& last = document.runs.back();
    const size_t points = last.history.points.size();
    write_session(out, palette, last.profile.session);
    write_line(out, palette, "snapshots",
               points < model::kLeastTrendPoints
                   ? palette.warning(fmt::format("{}: more are needed, at least {}", points,
                                                 model::kLeastTrendPoints))
                   : fmt::format("{}, the last at {}{}", points,
                                 format_seconds(last.history.points.back().seconds),
                                 document.filtered ? "; of what the filters keep" : ""));
    write_line(out, palette, "all", trend_text(last.table.total.trend));
    if (last.table.cgroup)
        write_line(out, palette, "container", trend_text(last.table.cgroup->trend));
    if (document.forecast) write_line(out, palette, "forecast", forecast_text(document));
    write_losses(out, palette, last.profile);
}

void write_joined(std::ostream& out, const TrendDocument& document, const Palette& palette) {
    out << '\n'
        << palette.strong(fmt::format("From run to run: {} runs, {} of {}", document.runs.size(),
                                      shown(document.joined.size(), document.top),
                                      document.joined.size()))
        << '\n';
    for (size_t i = 0; i < shown(document.joined.size(), document.top); ++i) {
        const model::RunRow& row = document.joined[i];
        out << fmt::format("{:>4}  ", i + 1)
            << palette.strong(row.key.empty() ? "everything" : printable(row.key)) << '\n';
        std::string values;
        for (const std::optional<model::Trend>& run : row.runs)
            values +=
                fmt::format("{}{}", values.empty() ? "" : ", ", run ? bytes_of(run->current) : "-");
        out << fmt::format("        {}: {} ({})\n", model::trend_word_name(row.across.word), values,
                           rate_text(row.bytes_per_run, "run"));
    }
}

}  // namespace

void write_trend_text(std::ostream& out, const TrendDocument& document, const Palette& palette) {
    const TrendDocument::Run& last = document.runs.back();
    const std::vector<model::TrendRow>& rows = last.table.rows;
    StackWriter stacks(out, palette, document.frames);
    write_head(out, document, palette);
    out << '\n'
        << palette.strong(fmt::format("Fastest growth: {} of {}", shown(rows.size(), document.top),
                                      rows.size()))
        << '\n';
    for (size_t i = 0; i < shown(rows.size(), document.top); ++i) {
        out << fmt::format("{:>4}  ", i + 1) << palette.strong(trend_text(rows[i].trend)) << '\n';
        if (document.by_traceback())
            stacks.write(last.profile, last.profile.sites[rows[i].site]);
        else
            out << "        " << printable(rows[i].key) << '\n';
    }
    if (document.runs.size() > 1) write_joined(out, document, palette);
    stacks.write_hint();
    write_suppressions(out, palette, document.suppressions);
}

}  // namespace heapdrift::report
