#include "analyzer/model/balance.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <vector>

#include "analyzer/model/statistics.h"

namespace heapdrift::model {

namespace {

constexpr size_t kLeastThird = 2;
// Load that comes and goes moves the mean of a third as well.
constexpr double kChance = 2;

// About a straight line.
double deviation(std::span<const double> values) {
    const auto count = static_cast<double>(values.size());
    std::vector<double> times(values.size());
    std::iota(times.begin(), times.end(), 0.0);
    const double middle = mean(times);
    const double average = mean(values);
    double together = 0;
    for (size_t i = 0; i < values.size(); ++i)
        together += (times[i] - middle) * (values[i] - average);
    const double of_line = together * together / (variance(times) * count);
    return std::sqrt(std::max(0.0, variance(values) * count - of_line) / (count - 2));
}

}  // namespace

Balance balance_of(const Survivors& survivors, size_t warm_up, size_t end) {
    Balance balance;
    const size_t points = survivors.points();
    const size_t third = std::max(kLeastThird, (points - warm_up) / 3);
    if (warm_up + 2 * third > points) return balance;
    std::vector<double> live;
    std::vector<double> surviving;
    for (size_t at = warm_up; at < points; ++at) {
        double all = 0;
        double kept = 0;
        for (size_t born = 0; born <= at; ++born) {
            all += survivors.live(born, at);
            if (born >= warm_up && born < end) kept += survivors.live_at_end(born);
        }
        live.push_back(all);
        surviving.push_back(kept);
    }
    const auto rise = [&](std::span<const double> counts) {
        return mean(counts.last(third)) - mean(counts.first(third));
    };
    balance.rise = rise(live);
    balance.expected = rise(surviving);
    balance.chance = kChance * deviation(live);
    if (balance.expected > 0)
        balance.share = std::clamp((balance.rise + balance.chance) / balance.expected, 0.0, 1.0);
    return balance;
}

}  // namespace heapdrift::model
