#include "analyzer/model/lasting.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace heapdrift::model {

namespace {

// What the fits are of: younger ones say nothing of those that grow old.
constexpr double kFirstAge = 1;
// Fewer have no shape.
constexpr double kLeastDeaths = 50;
constexpr size_t kLeastAges = 6;
// In natural logarithms: e^3 times as likely as what comes next.
constexpr double kFarMoreLikely = 3;
// A hazard of those that last is ruled out where it is less likely by this, one deviation.
constexpr double kOneDeviation = 0.5;
constexpr int kHalvings = 12;

// Blocks of an age that were at risk for some length of time, and how many of them died.
struct AtRisk {
    double age = 0;
    double length = 0;
    double blocks = 0;
    double deaths = 0;
};

std::vector<AtRisk> by_age(const Survivors& survivors, size_t first) {
    std::vector<AtRisk> ages;
    for (size_t lag = 1; first + lag + 1 < survivors.points(); ++lag) {
        AtRisk each;
        for (size_t born = first; born + lag + 1 < survivors.points(); ++born) {
            const double live = survivors.live(born, born + lag);
            each.age += live * survivors.age(born, born + lag);
            each.length += live * survivors.length(born + lag + 1);
            each.blocks += live;
            each.deaths += std::min(live, survivors.deaths(born, born + lag + 1));
        }
        if (each.blocks <= 0) continue;
        each.age /= each.blocks;
        each.length /= each.blocks;
        ages.push_back(each);
    }
    return ages;
}

// survival: the share that lives longer than an age.
template <typename Survival>
double log_likelihood(const std::vector<AtRisk>& ages, const Survival& survival) {
    double sum = 0;
    for (const AtRisk& each : ages) {
        const double dies =
            std::clamp(1 - survival(each.age + each.length) / survival(each.age), 1e-12, 1 - 1e-12);
        sum += each.deaths * std::log(dies) + (each.blocks - each.deaths) * std::log1p(-dies);
    }
    return sum;
}

struct Best {
    double at = 0;
    double value = 0;
};

// The greatest value of a function with few peaks: by steps, then between the two beside the best.
// Both ends are logarithms of the parameter, and so is what the function is given.
template <typename Function>
Best greatest(double low, double high, int steps, const Function& function) {
    Best best{low, function(low)};
    const double step = (high - low) / steps;
    for (int i = 1; i <= steps; ++i) {
        const double at = low + step * i;
        if (const double value = function(at); value > best.value) best = {at, value};
    }
    double left = std::max(low, best.at - step);
    double right = std::min(high, best.at + step);
    for (int i = 0; i < kHalvings; ++i) {
        const double one = left + 0.382 * (right - left);
        const double other = left + 0.618 * (right - left);
        (function(one) > function(other) ? right : left) =
            function(one) > function(other) ? other : one;
    }
    const double at = (left + right) / 2;
    const double value = function(at);
    return value > best.value ? Best{at, value} : best;
}

class Fit {
public:
    explicit Fit(const std::vector<AtRisk>& ages) : ages_(ages) {}

    double one_rate() const {
        return greatest(std::log(0.02), std::log(6), 30,
                        [&](double rate) {
                            return log_likelihood(
                                ages_, [&](double age) { return std::exp(-std::exp(rate) * age); });
                        })
            .value;
    }

    double heavy_tail() const {
        return greatest(std::log(0.01), std::log(300), 14,
                        [&](double scale) {
                            return greatest(std::log(0.1), std::log(300), 14,
                                            [&](double power) {
                                                return log_likelihood(ages_, [&](double age) {
                                                    return std::pow(1 + age / std::exp(scale),
                                                                    -std::exp(power));
                                                });
                                            })
                                .value;
                        })
            .value;
    }

    // hazard: of those that last. In at, the share's logarithm.
    Best share_that_lasts(double rate, double hazard) const {
        return greatest(std::log(1e-6), std::log(0.9), 10, [&](double share) {
            return log_likelihood(ages_, [&](double age) {
                return std::exp(share - hazard * (age - kFirstAge)) +
                       (1 - std::exp(share)) * std::exp(-std::exp(rate) * (age - kFirstAge));
            });
        });
    }

    Best rate_beside_lasting() const {
        return greatest(std::log(0.05), std::log(6), 12,
                        [&](double rate) { return share_that_lasts(rate, 0).value; });
    }

    double most_hazard(const Best& rate) const {
        double low = std::log(1e-3);
        double high = rate.at;
        for (int i = 0; i < kHalvings; ++i) {
            const double middle = (low + high) / 2;
            const bool possible =
                share_that_lasts(rate.at, std::exp(middle)).value > rate.value - kOneDeviation;
            (possible ? low : high) = middle;
        }
        return std::exp(low);
    }

private:
    const std::vector<AtRisk>& ages_;
};

}  // namespace

double Lasting::share_at(double age) const {
    return share / (share + (1 - share) * std::exp(-rate * (age - kFirstAge)));
}

Lasting find_lasting(const Survivors& survivors, size_t first) {
    const std::vector<AtRisk> ages = by_age(survivors, first);
    double deaths = 0;
    for (const AtRisk& each : ages) deaths += each.deaths;
    Lasting lasting;
    if (ages.size() < kLeastAges || deaths < kLeastDeaths) return lasting;
    const Fit fit(ages);
    const Best rate = fit.rate_beside_lasting();
    if (rate.value < fit.one_rate() + kFarMoreLikely) return lasting;
    if (rate.value < fit.heavy_tail() + kFarMoreLikely) return lasting;
    lasting.found = true;
    lasting.rate = std::exp(rate.at);
    lasting.share = std::exp(fit.share_that_lasts(rate.at, 0).at);
    lasting.most_hazard = fit.most_hazard(rate);
    return lasting;
}

}  // namespace heapdrift::model
