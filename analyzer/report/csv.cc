#include "analyzer/report/csv.h"

#include <fmt/format.h>

#include "analyzer/model/estimate.h"
#include "analyzer/model/place.h"

namespace heapdrift::report {

namespace {

constexpr size_t kColumns = model::kColumnNames.size();

std::string join_columns(const char* suffix = "") {
    std::string names;
    for (const char* name : model::kColumnNames) names += fmt::format(",{}{}", name, suffix);
    return names;
}

// What sampled mode does not know is empty.
std::string join_figures(const model::Figures& figures) {
    std::string values;
    for (size_t i = 0; i < kColumns; ++i) {
        const auto column = static_cast<model::Column>(i);
        values += figures.sampled && !model::known_by_sampling(column)
                      ? ","
                      : fmt::format(",{}", model::value(figures, column));
    }
    return values;
}

// Of sampled sessions, behind all other figures.
std::string interval_columns(bool sampled, const char* suffix = "") {
    std::string names;
    for (size_t i = 0; sampled && i < kColumns; ++i)
        if (model::known_by_sampling(static_cast<model::Column>(i)))
            for (const char* part : {"standard_error", "low", "high"})
                names += fmt::format(",{}{}_{}", model::kColumnNames[i], suffix, part);
    return names;
}

template <typename IntervalOf>
std::string join_intervals(bool sampled, IntervalOf interval_of) {
    std::string values;
    for (size_t i = 0; sampled && i < kColumns; ++i) {
        const auto column = static_cast<model::Column>(i);
        if (!model::known_by_sampling(column)) continue;
        const std::optional<model::Interval> interval = interval_of(column);
        values += interval ? fmt::format(",{:.1f},{:.1f},{:.1f}", interval->standard_error,
                                         interval->low, interval->high)
                           : ",,,";
    }
    return values;
}

std::string join_intervals(bool sampled, const model::Figures& figures) {
    return join_intervals(
        sampled, [&](model::Column column) { return model::interval_of(figures, column); });
}

bool is_sampled(const model::Profile& profile) {
    return profile.session.mode == Mode::sampled;
}

std::string stack_field(const model::Profile& profile, const model::Site& site, size_t limit) {
    std::string stack;
    size_t count = 0;
    for (const uint32_t address : profile.frames_of(site)) {
        for (const model::Frame& frame : model::frames_of_address(profile, address)) {
            if (limit != 0 && count == limit) break;
            if (count++ > 0) stack += '|';
            stack += fmt::format("{};{};{}",
                                 frame.function.empty()
                                     ? model::address_text(profile, profile.addresses[address])
                                     : frame.function,
                                 frame.file, frame.line);
        }
    }
    return csv_field(stack);
}

std::string optional_field(const std::optional<uint64_t>& value) {
    return value ? fmt::format("{}", *value) : "";
}

}  // namespace

std::string csv_field(std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

void write_report_csv(std::ostream& out, const ReportDocument& document) {
    const size_t count = shown(document.rows.size(), document.top);
    const bool sampled = is_sampled(document.profile);
    if (document.by_thread()) {
        out << "thread,allocations,allocated_bytes,deallocations\n";
        for (size_t i = 0; i < count; ++i) {
            const model::Row& row = document.rows[i];
            out << fmt::format("{},{},{},{}\n", csv_field(row.key), row.figures.allocations,
                               row.figures.allocated_bytes, row.figures.deallocations);
        }
        return;
    }
    if (!document.by_traceback()) {
        out << model::kGroupByNames[static_cast<size_t>(document.grouping.group_by)] << ",sites"
            << join_columns() << interval_columns(sampled) << '\n';
        for (size_t i = 0; i < count; ++i) {
            const model::Row& row = document.rows[i];
            out << csv_field(row.key) << ',' << row.sites << join_figures(row.figures)
                << join_intervals(sampled, row.figures) << '\n';
        }
        return;
    }
    out << "site,domain" << join_columns() << interval_columns(sampled) << ",stack_end,stack\n";
    for (size_t i = 0; i < count; ++i) {
        const model::Row& row = document.rows[i];
        const model::Site& site = document.profile.sites[row.site];
        out << site.id << ',' << domain_name(site.domain) << join_figures(row.figures)
            << join_intervals(sampled, row.figures) << ',' << stack_end_name(site.end) << ','
            << stack_field(document.profile, site, document.frames) << '\n';
    }
}

void write_diff_csv(std::ostream& out, const DiffDocument& document) {
    if (document.by_traceback())
        out << "site,domain";
    else
        out << model::kGroupByNames[static_cast<size_t>(document.grouping.group_by)];
    const bool sampled = is_sampled(document.old_profile) || is_sampled(document.new_profile);
    out << ",only_in" << join_columns() << join_columns("_delta") << interval_columns(sampled)
        << interval_columns(sampled, "_delta") << (document.by_traceback() ? ",stack" : "") << '\n';
    for (size_t i = 0; i < shown(document.rows.size(), document.top); ++i) {
        const model::DiffRow& row = document.rows[i];
        const model::Profile& side = document.side_of(row);
        if (row.site)
            out << side.sites[*row.site].id << ',' << domain_name(side.sites[*row.site].domain);
        else
            out << csv_field(row.key);
        out << ',' << model::only_in_name(row.only_in) << join_figures(row.new_figures);
        for (size_t each = 0; each < kColumns; ++each) {
            const auto column = static_cast<model::Column>(each);
            out << ',';
            if (!sampled || model::known_by_sampling(column)) out << row.delta(column);
        }
        out << join_intervals(sampled, row.new_figures)
            << join_intervals(sampled, [&](model::Column column) {
                   return model::interval_of_change(row, column);
               });
        if (row.site) out << ',' << stack_field(side, side.sites[*row.site], document.frames);
        out << '\n';
    }
}

void write_leaks_csv(std::ostream& out, const LeaksDocument& document) {
    out << "rank,site,domain,score,verdict,kind,live_bytes,live_allocations,"
           "growth_bytes_per_second,growth_bytes_per_second_low,growth_bytes_per_second_high,"
           "reading,stack\n";
    for (size_t i = 0; i < document.leaks.size(); ++i) {
        if (!document.is_shown(i)) continue;
        const model::LeakScore& leak = document.leaks[i];
        const model::Site& site = document.site_of(leak);
        out << fmt::format("{},{},{},{:.3f},{},{},{},{},{:.3f},{:.3f},{:.3f},{},{}\n", i + 1,
                           site.id, domain_name(site.domain), leak.score,
                           model::verdict_name(leak.verdict()), model::leak_kind_name(leak.kind),
                           site.figures.live_bytes, site.figures.live_allocations,
                           leak.bytes_per_second.estimate, leak.bytes_per_second.low,
                           leak.bytes_per_second.high, csv_field(leak.reading),
                           stack_field(document.profile, site, document.frames));
    }
}

void write_trend_csv(std::ostream& out, const TrendDocument& document) {
    const TrendDocument::Run& last = document.runs.back();
    out << (document.by_traceback() ? "site"
                                    : model::kGroupByNames[static_cast<size_t>(document.group_by)])
        << ",trend,live_bytes,peak_live_bytes,average_live_bytes,variance,"
           "growth_bytes_per_second,growth_bytes_per_second_low,growth_bytes_per_second_high,"
           "began_seconds"
        << (document.by_traceback() ? ",stack\n" : "\n");
    for (size_t i = 0; i < shown(last.table.rows.size(), document.top); ++i) {
        const model::TrendRow& row = last.table.rows[i];
        const model::Trend& trend = row.trend;
        out << (document.by_traceback() ? fmt::format("{}", last.profile.sites[row.site].id)
                                        : csv_field(row.key))
            << fmt::format(",{},{:.0f},{:.0f},{:.0f},{:.0f},{:.3f},{:.3f},{:.3f},{}",
                           model::trend_word_name(trend.word), trend.current, trend.peak,
                           trend.average, trend.variance, trend.per_second.estimate,
                           trend.per_second.low, trend.per_second.high,
                           trend.began_seconds ? fmt::format("{:.6f}", *trend.began_seconds) : "");
        if (document.by_traceback())
            out << ',' << stack_field(last.profile, last.profile.sites[row.site], document.frames);
        out << '\n';
    }
}

void write_info_csv(std::ostream& out, const InfoDocument& document) {
    out << "snapshot,kind,label,seconds,peak_live_bytes,rss_anon_bytes,rss_file_bytes,"
           "rss_shmem_bytes,swap_bytes,cgroup_current_bytes,cgroup_limit_bytes\n";
    for (const model::SnapshotInfo& snapshot : document.profile.snapshots)
        out << fmt::format(
            "{},{},{},{:.6f},{},{},{},{},{},{},{}\n", snapshot.number,
            model::snapshot_kind_name(snapshot.kind), csv_field(snapshot.label), snapshot.seconds,
            snapshot.peak_live_bytes, optional_field(snapshot.rss_anon_bytes),
            optional_field(snapshot.rss_file_bytes), optional_field(snapshot.rss_shmem_bytes),
            optional_field(snapshot.swap_bytes), optional_field(snapshot.cgroup_current_bytes),
            optional_field(snapshot.cgroup_limit_bytes));
}

}  // namespace heapdrift::report
