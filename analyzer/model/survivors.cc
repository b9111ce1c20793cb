#include "analyzer/model/survivors.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

namespace heapdrift::model {

namespace {

// Times are quotients: equal ages differ in their last bits.
constexpr double kRounding = 1e-6;

double change(const std::vector<double>& cumulative, size_t interval) {
    return cumulative[interval] - (interval == 0 ? 0 : cumulative[interval - 1]);
}

}  // namespace

Survivors::Survivors(const SiteHistory& history, const Timing& timing, Measure measure)
    : points_(history.allocations.size()),
      measure_(measure),
      timing_(timing),
      deaths_(points_ * points_),
      live_(points_ * points_) {
    const bool blocks = measure == Measure::blocks;
    const std::vector<double>& allocated = blocks ? history.allocations : history.allocated_bytes;
    const std::vector<double>& freed = blocks ? history.deallocations : history.deallocated_bytes;
    for (size_t i = 0; i < points_; ++i) allocated_.push_back(std::max(0.0, change(allocated, i)));
    if (history.ages_incomplete)
        assign_oldest_first(freed);
    else
        assign_known(history, freed);
    for (size_t born = 0; born < points_; ++born) {
        double live = allocated_[born];
        for (size_t at = born; at < points_; ++at) {
            live -= deaths_[born * points_ + at];
            // A recorder that is still running may be read between two stores.
            live_[born * points_ + at] = std::max(0.0, live);
        }
    }
}

void Survivors::assign_known(const SiteHistory& history, const std::vector<double>& freed) {
    std::vector<double> older(points_);
    for (const AgedDeallocations& entry : history.aged) {
        if (entry.born >= entry.freed || entry.freed >= points_) continue;
        const double deaths = measure_ == Measure::blocks ? entry.deallocations : entry.bytes;
        deaths_[entry.born * points_ + entry.freed] += deaths;
        older[entry.freed] += deaths;
    }
    for (size_t i = 0; i < points_; ++i)
        deaths_[i * points_ + i] = std::max(0.0, change(freed, i) - older[i]);
}

void Survivors::assign_oldest_first(const std::vector<double>& freed) {
    std::vector<double> left = allocated_;
    size_t oldest = 0;
    for (size_t at = 0; at < points_; ++at) {
        double deaths = std::max(0.0, change(freed, at));
        while (deaths > 0) {
            const double taken = std::min(deaths, left[oldest]);
            deaths_[oldest * points_ + at] += taken;
            left[oldest] -= taken;
            deaths -= taken;
            if (left[oldest] > 0 || oldest == at) break;
            ++oldest;
        }
    }
}

double Survivors::freed_total() const {
    return std::accumulate(deaths_.begin(), deaths_.end(), 0.0);
}

size_t Survivors::born_before(double age, size_t at) const {
    size_t born = 0;
    while (born < points_ && this->age(born, at) >= age - kRounding) ++born;
    return born;
}

size_t Survivors::intervals_within(double length) const {
    size_t count = 0;
    while (count < points_ && timing_.time[count] <= length + kRounding) ++count;
    return count;
}

size_t Survivors::first_mature(size_t warm_up, double age) const {
    size_t at = warm_up;
    while (at < points_ && born_before(age, at) <= warm_up) ++at;
    return at;
}

std::vector<double> Survivors::mature(size_t warm_up, double age) const {
    std::vector<double> counts;
    for (size_t at = first_mature(warm_up, age); at < points_; ++at) {
        const size_t end = born_before(age, at);
        double count = 0;
        for (size_t born = warm_up; born < end; ++born) count += live(born, at);
        counts.push_back(count);
    }
    return counts;
}

double Survivors::lifetime_quantile(double share) const {
    std::vector<std::pair<double, double>> lifetimes;  // age, how many
    for (size_t born = 0; born < points_; ++born)
        for (size_t freed = born; freed < points_; ++freed)
            if (deaths(born, freed) > 0)
                lifetimes.emplace_back(age(born, freed), deaths(born, freed));
    std::ranges::sort(lifetimes, std::greater());
    double longer = 0;
    const double most = share * freed_total();
    for (const auto& [age, count] : lifetimes) {
        longer += count;
        if (longer > most) return age;
    }
    return 0;
}

}  // namespace heapdrift::model
