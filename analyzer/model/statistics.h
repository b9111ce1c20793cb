// What is computed from a series of numbers: slopes, trends, tail probabilities. None of it assumes
// a normal distribution, for live bytes over time have none.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace heapdrift::model {

double mean(std::span<const double> values);
// Divided by n; 0 of fewer than two.
double variance(std::span<const double> values);
// 0 of none.
double median(std::vector<double> values);

// P[N(0, 1) >= z].
double normal_tail(double z);

// Correlation of a series with itself one step later, in [-1, 1]; 0 of a constant.
double autocorrelation(std::span<const double> values);

// Whether values rise or fall over time.
struct TrendTest {
    double s = 0;                // pairs that rise less pairs that fall
    double z = 0;                // s in standard deviations; above 0: rising
    double p_rising = 1;         // one-sided: how likely as much rise is where there is no trend
    double p_falling = 1;        // the same of a fall
    double autocorrelation = 0;  // of the residuals about the slope, in [0, 0.9]
};
// Mann and Kendall's, with Kendall's correction for ties. Neighbours in a series of live bytes are
// alike, so that pairs are not independent: the variance is widened by (1 + r) / (1 - r), where r
// is the autocorrelation of the residuals.
TrendTest mann_kendall(std::span<const double> times, std::span<const double> values);

struct Slope {
    double estimate = 0;
    double low = 0;  // of a 95 % interval
    double high = 0;
};
// Theil's and Sen's: the median of the slopes of all pairs. The interval is Sen's, from the
// variance of mann_kendall. times must rise. All 0 of fewer than two values.
Slope theil_sen(std::span<const double> times, std::span<const double> values);

}  // namespace heapdrift::model
