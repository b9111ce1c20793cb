#include "analyzer/model/timing.h"

#include <algorithm>
#include <cmath>

#include "analyzer/model/statistics.h"

namespace heapdrift::model {

namespace {

// A clock that stands still would divide by nothing.
constexpr double kLeastActivity = 0.02;

}  // namespace

void take_operations_for_time(History& history) {
    double before = 0;
    for (HistoryPoint& point : history.points)
        before = point.seconds = std::max(point.operations, std::nextafter(before, 1e300));
}

Timing timing_of(std::span<const HistoryPoint> points) {
    Timing timing;
    if (points.empty() || points.back().seconds <= 0) return timing;
    const double unit = points.back().seconds / static_cast<double>(points.size());
    std::vector<double> rates;
    for (size_t i = 0; i < points.size(); ++i) {
        const double length = points[i].seconds - (i == 0 ? 0 : points[i - 1].seconds);
        const double operations = points[i].operations - (i == 0 ? 0 : points[i - 1].operations);
        rates.push_back(length > 0 ? operations / length : 0);
    }
    const double usual = median(rates);
    double work = 0;
    for (size_t i = 0; i < points.size(); ++i) {
        const double activity = usual > 0 ? std::clamp(rates[i] / usual, kLeastActivity, 1.0) : 1.0;
        work += activity * (points[i].seconds - (i == 0 ? 0 : points[i - 1].seconds)) / unit;
        timing.time.push_back(points[i].seconds / unit);
        timing.work.push_back(work);
    }
    return timing;
}

}  // namespace heapdrift::model
