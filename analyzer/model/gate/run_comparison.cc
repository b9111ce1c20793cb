#include "analyzer/model/gate/run_comparison.h"

#include <algorithm>
#include <cstdlib>

#include "analyzer/model/statistics.h"

namespace heapdrift::model {

namespace {

constexpr size_t kEnoughRuns = 4;
constexpr double kSignificant = 0.05;

std::vector<double> as_numbers(std::span<const uint64_t> values) {
    return {values.begin(), values.end()};
}

// Twice the rank of each value, equal ones sharing their mean: so all are whole numbers.
std::vector<size_t> doubled_ranks(std::span<const uint64_t> values) {
    std::vector<size_t> ranks;
    for (const uint64_t value : values) {
        const auto below = static_cast<size_t>(
            std::ranges::count_if(values, [&](uint64_t other) { return other < value; }));
        const auto equal = static_cast<size_t>(std::ranges::count(values, value));
        ranks.push_back(2 * below + equal + 1);
    }
    return ranks;
}

bool ranges_overlap(std::span<const uint64_t> a, std::span<const uint64_t> b) {
    const auto [a_low, a_high] = std::ranges::minmax(a);
    const auto [b_low, b_high] = std::ranges::minmax(b);
    return a_low <= b_high && b_low <= a_high;
}

}  // namespace

double mann_whitney(std::span<const uint64_t> a, std::span<const uint64_t> b) {
    std::vector<uint64_t> all(a.begin(), a.end());
    all.insert(all.end(), b.begin(), b.end());
    const std::vector<size_t> ranks = doubled_ranks(all);
    size_t total = 0;
    for (const size_t rank : ranks) total += rank;
    size_t observed = 0;
    for (size_t i = 0; i < a.size(); ++i) observed += ranks[i];
    // ways[n][s]: how many choices of n of the values have the rank sum s.
    std::vector<std::vector<double>> ways(a.size() + 1, std::vector<double>(total + 1, 0));
    ways[0][0] = 1;
    for (const size_t rank : ranks)
        for (size_t n = a.size(); n > 0; --n)
            for (size_t s = total; s + 1 > rank; --s) ways[n][s] += ways[n - 1][s - rank];
    // In units that make the expected sum whole as well.
    const auto distance = [&](size_t sum) {
        return std::llabs(static_cast<long long>(sum * all.size()) -
                          static_cast<long long>(total * a.size()));
    };
    double as_far = 0;
    double any = 0;
    for (size_t s = 0; s <= total; ++s) {
        any += ways[a.size()][s];
        if (distance(s) >= distance(observed)) as_far += ways[a.size()][s];
    }
    return any > 0 ? as_far / any : 1;
}

RunComparison compare_runs(std::span<const uint64_t> before, std::span<const uint64_t> after) {
    RunComparison result;
    if (before.empty() || after.empty()) return result;
    before = before.last(std::min(before.size(), kMostRunsCompared));
    after = after.last(std::min(after.size(), kMostRunsCompared));
    result.before = median(as_numbers(before));
    result.after = median(as_numbers(after));
    bool told_apart = true;
    if (before.size() >= kEnoughRuns && after.size() >= kEnoughRuns) {
        result.p = mann_whitney(before, after);
        told_apart = *result.p < kSignificant;
    } else if (before.size() + after.size() > 2) {
        told_apart = !ranges_overlap(before, after);
    }
    if (result.before == result.after)
        result.change = Change::none;
    else if (!told_apart)
        result.change = Change::noise;
    else
        result.change = result.after < result.before ? Change::lower : Change::higher;
    return result;
}

}  // namespace heapdrift::model
