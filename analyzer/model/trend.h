// How live bytes went over the snapshots of a session: in a word, and in numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "analyzer/model/aggregate.h"
#include "analyzer/model/site_history.h"
#include "analyzer/model/statistics.h"

namespace heapdrift::model {

enum class TrendWord {
    unknown,  // fewer than kLeastTrendPoints snapshots
    stable,   // no trend beyond chance, or one too small to matter
    increasing,
    decreasing,
    sawtooth,  // rises and falls back, again and again
    stepped,   // rises in a few steps, level between them
};
const char* trend_word_name(TrendWord word);
inline constexpr size_t kLeastTrendPoints = 6;

struct Trend {
    TrendWord word = TrendWord::unknown;
    double current = 0;  // at the last snapshot
    double peak = 0;     // of those at snapshots
    double average = 0;
    double variance = 0;
    Slope per_second;
    TrendTest test;
    std::optional<double> began_seconds;  // when the rise began, where there is one
};

// Of values at the given times. From the second quarter on, so that warm-up is no trend.
Trend trend_of(std::span<const double> seconds, std::span<const double> values);

struct Forecast {
    double limit = 0;
    double current = 0;
    Slope per_second;
    // Until the limit is reached: at the estimated rate, and at the ends of its interval. Nothing
    // where the rate is not above zero.
    std::optional<double> seconds = {};
    std::optional<double> earliest_seconds = {};
    std::optional<double> latest_seconds = {};
};
Forecast forecast(double limit, double current, const Slope& per_second);

// A site, place, module or domain, or (key "") everything together.
struct TrendRow {
    std::string key;
    std::vector<double> live_bytes;  // at each point
    Trend trend;
    uint32_t site = 0;  // by traceback: index into Profile::sites
};

struct TrendTable {
    std::vector<TrendRow> rows;  // the fastest first
    TrendRow total;
    // The container's charge, where the kernel said it at every point.
    std::optional<TrendRow> cgroup;
};
// Sites in `without` (Site::id) are in the total alone.
TrendTable trend_table(const Profile& profile, const History& history, GroupBy group_by,
                       const std::unordered_set<uint32_t>& without = {});

}  // namespace heapdrift::model
