#include "analyzer/model/run_history.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <unordered_map>

namespace heapdrift::model {

namespace {

void measure(RunRow& row) {
    std::vector<double> numbers(row.runs.size());
    std::iota(numbers.begin(), numbers.end(), 1);
    std::vector<double> values;
    for (const std::optional<Trend>& run : row.runs) values.push_back(run ? run->current : 0);
    row.across = trend_of(numbers, values);
    row.bytes_per_run = theil_sen(numbers, values);
}

}  // namespace

std::vector<RunRow> join_runs(std::span<const TrendTable> runs) {
    std::vector<RunRow> rows(1);
    rows[0].runs.resize(runs.size());
    std::unordered_map<std::string, size_t> index;
    for (size_t run = 0; run < runs.size(); ++run) {
        rows[0].runs[run] = runs[run].total.trend;
        for (const TrendRow& row : runs[run].rows) {
            const auto [entry, added] = index.emplace(row.key, rows.size());
            if (added)
                rows.push_back({.key = row.key, .runs = {}, .across = {}, .bytes_per_run = {}});
            rows[entry->second].runs.resize(runs.size());
            rows[entry->second].runs[run] = row.trend;
        }
    }
    for (RunRow& row : rows) measure(row);
    std::sort(rows.begin() + 1, rows.end(), [](const RunRow& a, const RunRow& b) {
        const auto order = [](const RunRow& row) {
            return std::tuple(-row.bytes_per_run.estimate, -row.across.current, row.key);
        };
        return order(a) < order(b);
    });
    return rows;
}

}  // namespace heapdrift::model
