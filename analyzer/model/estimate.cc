#include "analyzer/model/estimate.h"

#include <algorithm>
#include <cmath>

namespace heapdrift::model {

namespace {

constexpr double kZ = 1.959964;  // of 95 %

Interval interval_of_bytes(uint64_t bytes, double variance, uint64_t sampling_interval) {
    const auto unit = static_cast<double>(sampling_interval);
    const auto estimate = static_cast<double>(bytes);
    const double samples = variance / (unit * unit);
    const double middle = estimate + unit * kZ * kZ / 2;
    const double half = unit * kZ * std::sqrt(samples + kZ * kZ / 4);
    return {std::sqrt(variance), std::clamp(middle - half, 0.0, estimate), middle + half};
}

// That of the bytes, in allocations of their mean size.
std::optional<Interval> interval_of_count(uint64_t count, uint64_t bytes,
                                          const Interval& of_bytes) {
    if (count == 0 || bytes == 0) return std::nullopt;
    const double scale = static_cast<double>(count) / static_cast<double>(bytes);
    return Interval{of_bytes.standard_error * scale, of_bytes.low * scale, of_bytes.high * scale};
}

}  // namespace

std::optional<Interval> interval_of(const Figures& figures, Column column) {
    if (!figures.estimated()) return std::nullopt;
    const auto of_bytes = [&](uint64_t bytes, double variance) {
        return interval_of_bytes(bytes, variance, figures.sampling_interval);
    };
    switch (column) {
        case Column::live_bytes:
            return of_bytes(figures.live_bytes, figures.live_variance);
        case Column::live_allocations:
            return interval_of_count(figures.live_allocations, figures.live_bytes,
                                     of_bytes(figures.live_bytes, figures.live_variance));
        case Column::allocated_bytes:
            return of_bytes(figures.allocated_bytes, figures.allocated_variance);
        case Column::allocations:
            return interval_of_count(figures.allocations, figures.allocated_bytes,
                                     of_bytes(figures.allocated_bytes, figures.allocated_variance));
        case Column::deallocations: {
            // What was allocated is live or deallocated, each block one of both.
            const double variance =
                std::max(0.0, figures.allocated_variance - figures.live_variance);
            return interval_of_count(figures.deallocations, figures.deallocated_bytes,
                                     of_bytes(figures.deallocated_bytes, variance));
        }
        case Column::peak_live_bytes:
            return of_bytes(figures.peak_live_bytes, figures.peak_live_variance);
        case Column::temporary:
        case Column::reallocations:
            return std::nullopt;
    }
    return std::nullopt;
}

// By the distances of both intervals' ends, squared and added (Newcombe's method): each side of the
// change is as wide as the sides of its terms make it.
std::optional<Interval> interval_of_change(const Figures& old_figures, const Figures& new_figures,
                                           Column column) {
    const auto then = static_cast<double>(value(old_figures, column));
    const auto now = static_cast<double>(value(new_figures, column));
    const auto known = [&](const Figures& figures, double estimate) {
        return figures.estimated() ? interval_of(figures, column)
                                   : std::optional(Interval{0, estimate, estimate});
    };
    const std::optional<Interval> before = known(old_figures, then);
    const std::optional<Interval> after = known(new_figures, now);
    if (!before || !after || !(old_figures.estimated() || new_figures.estimated()))
        return std::nullopt;
    return Interval{std::hypot(before->standard_error, after->standard_error),
                    now - then - std::hypot(now - after->low, before->high - then),
                    now - then + std::hypot(after->high - now, then - before->low)};
}

std::optional<Interval> interval_of_change(const DiffRow& row, Column column) {
    return interval_of_change(row.old_figures, row.new_figures, column);
}

}  // namespace heapdrift::model
