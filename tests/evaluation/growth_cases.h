// Simulated allocation sites with a known truth: kinds of leaks, and of growth that is none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/model/growth.h"
#include "analyzer/model/site_history.h"

namespace heapdrift::testing {

using Random = std::mt19937_64;

// A site over n intervals, each of length 1: blocks are born and die at real times, and the
// snapshots count them as a recorder does.
class SimulatedSite {
public:
    SimulatedSite(size_t length, Random& generator, double rate, double lifetime)
        : random(generator),
          intervals(length),
          rate_factor(rate),
          lifetime_factor(lifetime),
          allocations_(length),
          deallocations_(length) {}

    void add(double born, double died);
    model::SiteHistory history() const;

    double length() const { return static_cast<double>(intervals); }
    double uniform(double low, double high);
    double exponential(double mean);
    // Calls made(time) as often as a Poisson process with this rate (times rate_factor) does.
    void arrivals(const std::function<double(double)>& rate, double most,
                  const std::function<void(double)>& made);
    void arrivals(double rate, const std::function<void(double)>& made) {
        arrivals([rate](double) { return rate; }, rate, made);
    }

    Random& random;
    const size_t intervals;
    const double rate_factor;
    const double lifetime_factor;

private:
    std::vector<double> allocations_;
    std::vector<double> deallocations_;
    std::map<std::pair<uint32_t, uint32_t>, double> aged_;
};

struct GrowthCase {
    const char* name;
    bool leak;
    void (*simulate)(SimulatedSite& site);
};
const std::vector<GrowthCase>& growth_cases();

// One process of a case: rates vary by 2^U(-1.3, 1.3), lifetimes by 2^U(-1, 1).
model::SiteHistory simulate(const GrowthCase& kind, size_t intervals, Random& random);
// What the survivors alone say of it, and what `leaks` does: the best of all signs, capped.
model::Growth judge(const model::SiteHistory& history);
double score_of(const model::SiteHistory& history);

}  // namespace heapdrift::testing
