#include "analyzer/model/statistics.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace heapdrift::model {

namespace {

constexpr double kNormal95 = 1.959964;
// Beyond this the series is a random walk, and no widening makes a test of it.
constexpr double kMostAutocorrelation = 0.9;

std::vector<double> pair_slopes(std::span<const double> times, std::span<const double> values) {
    std::vector<double> slopes;
    slopes.reserve(values.size() * values.size() / 2);
    for (size_t i = 0; i < values.size(); ++i)
        for (size_t j = i + 1; j < values.size(); ++j)
            if (times[j] > times[i])
                slopes.push_back((values[j] - values[i]) / (times[j] - times[i]));
    return slopes;
}

// The value that would have this index if they were sorted. Reorders them.
double ranked(std::vector<double>& values, size_t index) {
    const auto nth = values.begin() + static_cast<std::ptrdiff_t>(index);
    std::ranges::nth_element(values, nth);
    return *nth;
}

double middle(std::vector<double>& values) {
    if (values.empty()) return 0;
    const size_t half = values.size() / 2;
    const double upper = ranked(values, half);
    return values.size() % 2 == 1 ? upper : (ranked(values, half - 1) + upper) / 2;
}

// Kendall's variance of s, with ties.
double variance_of_s(std::span<const double> values) {
    std::vector<double> sorted(values.begin(), values.end());
    std::ranges::sort(sorted);
    const auto term = [](double n) { return n * (n - 1) * (2 * n + 5); };
    double sum = term(static_cast<double>(sorted.size()));
    for (size_t first = 0; first < sorted.size();) {
        size_t next = first;
        while (next < sorted.size() && sorted[next] == sorted[first]) ++next;
        sum -= term(static_cast<double>(next - first));
        first = next;
    }
    return sum / 18;
}

double residual_autocorrelation(std::span<const double> times, std::span<const double> values,
                                double slope) {
    std::vector<double> residuals;
    for (size_t i = 0; i < values.size(); ++i) residuals.push_back(values[i] - slope * times[i]);
    return std::clamp(autocorrelation(residuals), 0.0, kMostAutocorrelation);
}

double widened_variance(std::span<const double> values, double correlation) {
    return variance_of_s(values) * (1 + correlation) / (1 - correlation);
}

}  // namespace

double mean(std::span<const double> values) {
    if (values.empty()) return 0;
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double variance(std::span<const double> values) {
    if (values.size() < 2) return 0;
    const double average = mean(values);
    double sum = 0;
    for (const double value : values) sum += (value - average) * (value - average);
    return sum / static_cast<double>(values.size());
}

double median(std::vector<double> values) {
    return middle(values);
}

double normal_tail(double z) {
    return 0.5 * std::erfc(z / std::numbers::sqrt2);
}

double autocorrelation(std::span<const double> values) {
    const double average = mean(values);
    double together = 0;
    double alone = 0;
    for (size_t i = 0; i < values.size(); ++i) {
        alone += (values[i] - average) * (values[i] - average);
        if (i > 0) together += (values[i] - average) * (values[i - 1] - average);
    }
    return alone <= 0 ? 0 : together / alone;
}

TrendTest mann_kendall(std::span<const double> times, std::span<const double> values) {
    TrendTest test;
    if (values.size() < 3) return test;
    for (size_t i = 0; i < values.size(); ++i)
        for (size_t j = i + 1; j < values.size(); ++j)
            test.s += values[j] > values[i] ? 1 : values[j] < values[i] ? -1 : 0;
    std::vector<double> slopes = pair_slopes(times, values);
    const double slope = middle(slopes);
    test.autocorrelation = residual_autocorrelation(times, values, slope);
    const double deviation = std::sqrt(widened_variance(values, test.autocorrelation));
    if (deviation <= 0) return test;
    // s moves in steps of 2: the correction for continuity.
    test.z = test.s > 0 ? (test.s - 1) / deviation : test.s < 0 ? (test.s + 1) / deviation : 0;
    test.p_rising = normal_tail(test.z);
    test.p_falling = normal_tail(-test.z);
    return test;
}

Slope theil_sen(std::span<const double> times, std::span<const double> values) {
    std::vector<double> slopes = pair_slopes(times, values);
    if (slopes.empty()) return {};
    Slope slope;
    slope.estimate = middle(slopes);
    const double correlation = residual_autocorrelation(times, values, slope.estimate);
    const double reach = kNormal95 * std::sqrt(widened_variance(values, correlation));
    const double pairs = static_cast<double>(slopes.size());
    const auto at = [&](double rank) {
        return ranked(slopes, static_cast<size_t>(std::clamp(std::floor(rank), 0.0, pairs - 1)));
    };
    slope.low = std::min(at((pairs - reach) / 2), slope.estimate);
    slope.high = std::max(at((pairs + reach) / 2), slope.estimate);
    return slope;
}

}  // namespace heapdrift::model
