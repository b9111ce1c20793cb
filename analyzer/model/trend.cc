#include "analyzer/model/trend.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <unordered_map>

namespace heapdrift::model {

namespace {

// Values that move by less of their mean are level.
constexpr double kLevel = 0.05;
constexpr double kSignificant = 0.05;
// Teeth are a good part of the whole; a fall of this share of their range ends one.
constexpr double kToothRange = 0.25;
constexpr double kToothFall = 0.4;
constexpr size_t kTeeth = 2;
// So few changes, with so much of the rise in them, are steps.
constexpr size_t kMostSteps = 5;
constexpr double kStepShare = 0.9;

// How often the values fall by a good part of their range and rise again.
size_t teeth_in(std::span<const double> values, double range) {
    size_t teeth = 0;
    double high = values.front();
    double low = values.front();
    bool falling = false;
    for (const double value : values) {
        if (!falling) {
            high = std::max(high, value);
            if (high - value >= kToothFall * range) {
                falling = true;
                low = value;
            }
        } else {
            low = std::min(low, value);
            if (value - low >= kToothFall * range) {
                ++teeth;
                falling = false;
                high = value;
            }
        }
    }
    return teeth;
}

// Whether the values rise by few changes alone and do not fall.
bool is_stepped(std::span<const double> values, double range) {
    std::vector<double> changes;
    for (size_t i = 1; i < values.size(); ++i) changes.push_back(values[i] - values[i - 1]);
    if (std::ranges::any_of(changes, [&](double change) { return change < -kLevel * range; }))
        return false;
    std::ranges::sort(changes, std::greater());
    const size_t steps = std::min({kMostSteps, changes.size() / 4, changes.size()});
    double sum = 0;
    for (size_t i = 0; i < steps; ++i) sum += changes[i];
    return steps > 0 && sum >= kStepShare * (values.back() - values.front()) &&
           values.back() > values.front();
}

TrendWord word_of(std::span<const double> values, const Trend& trend, double duration) {
    const auto [least, most] = std::ranges::minmax(values);
    const double range = most - least;
    if (range <= kLevel * std::max(std::abs(trend.average), 1.0)) return TrendWord::stable;
    if (range >= kToothRange * most && teeth_in(values, range) >= kTeeth)
        return TrendWord::sawtooth;
    if (is_stepped(values, range)) return TrendWord::stepped;
    const bool matters =
        std::abs(trend.per_second.estimate) * duration > kLevel * std::abs(trend.average);
    if (matters && trend.test.p_rising < kSignificant) return TrendWord::increasing;
    if (matters && trend.test.p_falling < kSignificant) return TrendWord::decreasing;
    return TrendWord::stable;
}

// The last time at which no more than a twentieth of the whole rise was done.
double rise_began(std::span<const double> seconds, std::span<const double> values) {
    const double low = *std::ranges::min_element(values);
    const double threshold = low + kLevel * (values.back() - low);
    double began = seconds.front();
    for (size_t i = 0; i < values.size(); ++i)
        if (values[i] <= threshold) began = seconds[i];
    return began;
}

TrendRow& row_of(std::vector<TrendRow>& rows, std::unordered_map<std::string, size_t>& index,
                 const std::string& key, size_t points) {
    const auto [entry, added] = index.emplace(key, rows.size());
    if (added) rows.push_back({.key = key, .live_bytes = std::vector<double>(points), .trend = {}});
    return rows[entry->second];
}

void add_history(TrendRow& row, const SiteHistory& history) {
    for (size_t i = 0; i < row.live_bytes.size(); ++i) row.live_bytes[i] += history.live_bytes(i);
}

std::optional<TrendRow> cgroup_row(const History& history) {
    TrendRow row;
    for (const HistoryPoint& point : history.points) {
        if (!point.cgroup_bytes) return std::nullopt;
        row.live_bytes.push_back(static_cast<double>(*point.cgroup_bytes));
    }
    return row;
}

}  // namespace

const char* trend_word_name(TrendWord word) {
    constexpr const char* kNames[] = {"unknown",    "stable",   "increasing",
                                      "decreasing", "sawtooth", "stepped"};
    return kNames[static_cast<size_t>(word)];
}

Trend trend_of(std::span<const double> seconds, std::span<const double> values) {
    Trend trend;
    if (values.empty()) return trend;
    trend.current = values.back();
    trend.peak = *std::ranges::max_element(values);
    trend.average = mean(values);
    trend.variance = variance(values);
    if (values.size() < kLeastTrendPoints) return trend;
    const double warm = seconds.back() / 4;
    const size_t first = std::min<size_t>(
        values.size() - kLeastTrendPoints / 2,
        static_cast<size_t>(std::ranges::lower_bound(seconds, warm) - seconds.begin()));
    const std::span<const double> later = values.subspan(first);
    const std::span<const double> times = seconds.subspan(first);
    trend.per_second = theil_sen(times, later);
    trend.test = mann_kendall(times, later);
    trend.word = word_of(later, trend, times.back() - times.front());
    if (trend.word == TrendWord::increasing || trend.word == TrendWord::stepped)
        trend.began_seconds = rise_began(seconds, values);
    return trend;
}

Forecast forecast(double limit, double current, const Slope& per_second) {
    Forecast found{.limit = limit, .current = current, .per_second = per_second};
    const auto until = [&](double rate) -> std::optional<double> {
        if (current >= limit) return 0;
        if (rate <= 0) return std::nullopt;
        return (limit - current) / rate;
    };
    found.seconds = until(per_second.estimate);
    found.earliest_seconds = until(per_second.high);
    found.latest_seconds = until(per_second.low);
    return found;
}

TrendTable trend_table(const Profile& profile, const History& history, GroupBy group_by,
                       const std::unordered_set<uint32_t>& without) {
    const size_t points = history.points.size();
    TrendTable table;
    table.total.live_bytes.resize(points);
    std::unordered_map<std::string, size_t> index;
    std::unordered_map<uint32_t, uint32_t> sites;
    for (uint32_t i = 0; i < profile.sites.size(); ++i) sites[profile.sites[i].id] = i;
    const bool by_place = group_by != GroupBy::traceback && group_by != GroupBy::domain;
    std::optional<PlaceIndex> places;
    if (by_place) places.emplace(profile, group_by);
    std::vector<uint32_t> found;
    for (const SiteHistory& each : history.sites) {
        add_history(table.total, each);
        if (without.contains(each.site)) continue;
        const uint32_t number = sites.at(each.site);
        const Site& site = profile.sites[number];
        if (group_by == GroupBy::traceback) {
            TrendRow& row = table.rows.emplace_back();
            row.site = number;
            row.live_bytes.resize(points);
            add_history(row, each);
        } else if (by_place) {
            places->places_of(site, false, found);
            for (const uint32_t place : found)
                add_history(row_of(table.rows, index, places->key(place), points), each);
        } else {
            add_history(row_of(table.rows, index, domain_name(site.domain), points), each);
        }
    }
    const std::vector<double> seconds = history.seconds();
    for (TrendRow& row : table.rows) row.trend = trend_of(seconds, row.live_bytes);
    table.total.trend = trend_of(seconds, table.total.live_bytes);
    table.cgroup = cgroup_row(history);
    if (table.cgroup) table.cgroup->trend = trend_of(seconds, table.cgroup->live_bytes);
    std::ranges::sort(table.rows, {}, [](const TrendRow& row) {
        return std::tuple(-row.trend.per_second.estimate, -row.trend.current, row.key, row.site);
    });
    return table;
}

}  // namespace heapdrift::model
