#include "analyzer/model/growth_rate.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

namespace heapdrift::model {

namespace {

constexpr double kSetUpBefore = 0.05;
// A series that is next to nothing for longer is of something that began late.
constexpr double kLateFrom = 0.25;

GrowthRate rate_of(const History& history, std::span<const double> bytes) {
    const std::vector<double> seconds = history.seconds();
    std::vector<double> numbers(bytes.size());
    std::iota(numbers.begin(), numbers.end(), 0);
    return {.bytes_per_second = theil_sen(std::span(seconds).last(bytes.size()), bytes),
            .bytes_per_snapshot = theil_sen(numbers, bytes)};
}

std::span<const double> since_it_began(std::span<const double> bytes) {
    if (bytes.empty()) return bytes;
    const auto begun = std::ranges::find_if(
        bytes, [&](double each) { return each > kSetUpBefore * bytes.back(); });
    const auto before = static_cast<size_t>(begun - bytes.begin());
    const bool late = static_cast<double>(before) > kLateFrom * static_cast<double>(bytes.size());
    return late && before < bytes.size() ? bytes.subspan(before - 1) : bytes;
}

}  // namespace

GrowthRate rate_of_survivors(const History& history, const Timing& timing, const SiteHistory& site,
                             const Growth& growth) {
    const Survivors survivors(site, timing, Survivors::Measure::bytes);
    return rate_of(history, since_it_began(survivors.mature(growth.warm_up, growth.mature_age)));
}

GrowthRate rate_from(const History& history, const SiteHistory& site, size_t first) {
    std::vector<double> bytes;
    for (size_t at = first; at < history.points.size(); ++at) bytes.push_back(site.live_bytes(at));
    return rate_of(history, bytes);
}

double growth_began(const History& history, const Survivors& survivors) {
    double live = 0;
    for (size_t born = 0; born < survivors.points(); ++born) live += survivors.live_at_end(born);
    double before = 0;
    for (size_t born = 0; born < survivors.points(); ++born) {
        before += survivors.live_at_end(born);
        if (before > kSetUpBefore * live) return born == 0 ? 0 : history.points[born - 1].seconds;
    }
    return 0;
}

}  // namespace heapdrift::model
