#include "analyzer/report/estimate_text.h"

#include <fmt/format.h>

#include <cmath>

#include "analyzer/report/units.h"

namespace heapdrift::report {

namespace {

using model::Column;
using model::Figures;

// Wider than this, and the sides of an interval differ so much that one number does not say it.
constexpr double kEvenShare = 0.4;

int64_t change(const Figures& old_figures, const Figures& new_figures, Column column) {
    return static_cast<int64_t>(model::value(new_figures, column) -
                                model::value(old_figures, column));
}

// "4 %" of half an interval, nothing where it is too wide for that.
std::string share_text(const model::Interval& interval, double value) {
    const double half = (interval.high - interval.low) / 2;
    if (value == 0 || half > kEvenShare * std::abs(value)) return "";
    const double percent = 100 * half / std::abs(value);
    return percent < 1 ? fmt::format("±{:.1f} %", percent) : fmt::format("±{:.0f} %", percent);
}

std::string between(const model::Interval& interval) {
    return fmt::format("{} to {}", format_bytes(static_cast<uint64_t>(interval.low)),
                       format_bytes(static_cast<uint64_t>(interval.high)));
}

}  // namespace

std::string short_bytes_text(const Figures& figures, Column column) {
    return mark(figures.estimated()) + format_bytes(model::value(figures, column));
}

std::string interval_text(const Figures& figures, Column column) {
    const auto interval = model::interval_of(figures, column);
    if (!interval) return "";
    const std::string share =
        share_text(*interval, static_cast<double>(model::value(figures, column)));
    return share.empty() ? between(*interval) : share;
}

std::string bytes_text(const Figures& figures, Column column) {
    const std::string interval = interval_text(figures, column);
    if (interval.empty()) return short_bytes_text(figures, column);
    const std::string bytes = short_bytes_text(figures, column);
    return bytes + (interval.starts_with("±") ? " " + interval : " (" + interval + ")");
}

std::string count_text(const Figures& figures, Column column) {
    return mark(figures.estimated()) + format_count(model::value(figures, column));
}

std::string bytes_change_text(const Figures& old_figures, const Figures& new_figures,
                              Column column) {
    const int64_t delta = change(old_figures, new_figures, column);
    const auto interval = model::interval_of_change(old_figures, new_figures, column);
    if (!interval) return format_bytes_delta(delta);
    const std::string share = share_text(*interval, static_cast<double>(delta));
    if (!share.empty()) return fmt::format("~{} {}", format_bytes_delta(delta), share);
    return fmt::format("~{}, {} to {}", format_bytes_delta(delta),
                       format_bytes_delta(static_cast<int64_t>(interval->low)),
                       format_bytes_delta(static_cast<int64_t>(interval->high)));
}

std::string count_change_text(const Figures& old_figures, const Figures& new_figures,
                              Column column) {
    return mark(old_figures.estimated() || new_figures.estimated()) +
           format_count_delta(change(old_figures, new_figures, column));
}

}  // namespace heapdrift::report
