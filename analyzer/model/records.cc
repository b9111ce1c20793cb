#include "analyzer/model/records.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace heapdrift::model {

namespace {

// Of all births: so few may be of what a program sets up before it has any load.
constexpr double kSetUpBefore = 0.05;
// Of the work since then: in it the load reaches its level.
constexpr double kFirstPart = 0.1;
// Intervals that make one stretch, at most.
constexpr size_t kLongestStretch = 4;
// Fewer are no number to count in.
constexpr size_t kLeastStretches = 3;
// Of records as likely as this the score keeps half of what goes on.
constexpr double kRecordsOdds = 0.05;

double sum_of(std::span<const Births> births) {
    return std::accumulate(births.begin(), births.end(), 0.0,
                           [](double sum, const Births& each) { return sum + each.count; });
}

std::span<const Births> since_load_began(std::span<const Births> births, double total) {
    double before = 0;
    size_t first = 0;
    while (before + births[first].count <= kSetUpBefore * total) before += births[first++].count;
    return births.subspan(first);
}

// That at least `least` of independent events happen.
double chance_of_at_least(size_t least, const std::vector<double>& chances) {
    // How likely so many did, of the events seen so far; from `least` on it does not matter.
    std::vector<double> exactly(least);
    if (least > 0) exactly[0] = 1;
    for (const double chance : chances) {
        for (size_t happened = least; happened-- > 1;)
            exactly[happened] += chance * (exactly[happened - 1] - exactly[happened]);
        if (least > 0) exactly[0] *= 1 - chance;
    }
    return std::max(0.0, 1 - std::accumulate(exactly.begin(), exactly.end(), 0.0));
}

// In stretches of so many intervals each, which are laid from the end of the run back to the
// interval `first`.
double likelihood_by_stretches(std::span<const Births> births, size_t first, size_t length) {
    std::vector<double> chances;
    size_t with_births = 0;
    for (size_t end = births.size(); end >= first + length; end -= length) {
        const std::span stretch = births.subspan(end - length, length);
        if (sum_of(stretch) > 0) ++with_births;
        chances.push_back((stretch.back().end - stretch.front().begin) /
                          (stretch.back().end - births.front().begin));
    }
    return chances.size() < kLeastStretches ? 0 : chance_of_at_least(with_births, chances);
}

}  // namespace

double likelihood_of_records(std::span<const Births> births) {
    const double total = sum_of(births);
    if (total <= 0) return 0;
    births = since_load_began(births, total);
    const double began = births.front().begin;
    const double first_part = began + kFirstPart * (births.back().end - began);
    const auto first = static_cast<size_t>(
        std::ranges::find_if(births, [&](const Births& each) { return each.begin >= first_part; }) -
        births.begin());
    const double later = sum_of(births.subspan(first));
    if (later >= sum_of(births.first(first))) return 0;
    double most = 0;
    for (size_t length = 1; length <= kLongestStretch; length *= 2)
        most = std::max(most, likelihood_by_stretches(births, first, length));
    return most;
}

double no_records(double likelihood) {
    return kRecordsOdds / (likelihood + kRecordsOdds);
}

}  // namespace heapdrift::model
