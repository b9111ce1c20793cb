#include "tests/evaluation/growth_cases.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <list>
#include <numbers>
#include <unordered_map>

#include "analyzer/model/leak_score.h"

namespace heapdrift::testing {

namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

void steady(SimulatedSite& site, double rate, double lifetime) {
    site.arrivals(rate, [&](double now) {
        site.add(now, now + site.exponential(lifetime * site.lifetime_factor));
    });
}

void leak(SimulatedSite& site, double rate, double from = 0) {
    site.arrivals(rate, [&](double now) {
        if (now >= from * site.length()) site.add(now, kNever);
    });
}

void sawtooth(SimulatedSite& site, double rate, double period) {
    period *= site.lifetime_factor;
    const double phase = site.uniform(0, period);
    site.arrivals(rate, [&](double now) {
        site.add(now, (std::floor((now + phase) / period) + 1) * period - phase);
    });
}

// First in, first out.
void bounded_queue(SimulatedSite& site, double rate, size_t capacity) {
    std::deque<double> queue;
    site.arrivals(rate, [&](double now) {
        queue.push_back(now);
        if (queue.size() <= capacity) return;
        site.add(queue.front(), now);
        queue.pop_front();
    });
    for (const double born : queue) site.add(born, kNever);
}

void random_replacement(SimulatedSite& site, double rate, size_t capacity) {
    std::vector<double> entries;
    site.arrivals(rate, [&](double now) {
        if (entries.size() < capacity) {
            entries.push_back(now);
            return;
        }
        double& entry = entries[site.random() % capacity];
        site.add(entry, now);
        entry = now;
    });
    for (const double born : entries) site.add(born, kNever);
}

// Least recently used, with keys by Zipf's law.
void lru_cache(SimulatedSite& site, double rate, size_t capacity, size_t keys) {
    std::vector<double> weights;
    for (size_t i = 0; i < keys; ++i) weights.push_back(1.0 / static_cast<double>(i + 1));
    std::discrete_distribution<size_t> key(weights.begin(), weights.end());
    std::list<std::pair<size_t, double>> entries;  // key and birth, latest use first
    std::unordered_map<size_t, std::list<std::pair<size_t, double>>::iterator> found;
    site.arrivals(rate, [&](double now) {
        const size_t wanted = key(site.random);
        if (const auto known = found.find(wanted); known != found.end()) {
            entries.splice(entries.begin(), entries, known->second);
            return;
        }
        entries.emplace_front(wanted, now);
        found[wanted] = entries.begin();
        if (entries.size() <= capacity) return;
        site.add(entries.back().second, now);
        found.erase(entries.back().first);
        entries.pop_back();
    });
    for (const auto& [wanted, born] : entries) site.add(born, kNever);
}

// Each of a finite number of names is kept when it is first seen.
void interning(SimulatedSite& site, double rate, size_t names) {
    std::vector<bool> seen(names);
    site.arrivals(rate, [&](double now) {
        const size_t name = site.random() % names;
        if (!seen[name]) site.add(now, kNever);
        seen[name] = true;
    });
}

// Objects are reused; a new one is made when all are taken.
void object_pool(SimulatedSite& site, double rate, double lifetime) {
    std::vector<double> busy_until;
    site.arrivals(rate, [&](double now) {
        const double until = now + site.exponential(lifetime * site.lifetime_factor);
        for (double& busy : busy_until) {
            if (busy > now) continue;
            busy = until;
            return;
        }
        busy_until.push_back(until);
        site.add(now, kNever);
    });
}

void load(SimulatedSite& site, double most, const std::function<double(double)>& share,
          double lifetime, double leaked = 0) {
    site.arrivals(
        [&](double now) { return most * share(now / site.length()); }, most,
        [&](double now) {
            const bool lost = site.uniform(0, 1) < leaked;
            site.add(now, lost ? kNever : now + site.exponential(lifetime * site.lifetime_factor));
        });
}

double daily(double position) {
    return 0.55 + 0.45 * std::sin(4 * std::numbers::pi * position);
}

const std::vector<GrowthCase> kCases = {
    {"L1 1 % of 1000 leak", true,
     [](SimulatedSite& site) { steady(site, 990, 0.1), leak(site, 10); }},
    {"L2 list, 5 each", true, [](SimulatedSite& site) { leak(site, 5); }},
    {"L3 list, 0.7 each", true, [](SimulatedSite& site) { leak(site, 0.7); }},
    {"L4 starts at half, 5 each", true, [](SimulatedSite& site) { leak(site, 5, 0.5); }},
    {"L5 3 each and sawtooth of 40", true,
     [](SimulatedSite& site) { leak(site, 3), sawtooth(site, 40, 7.3); }},
    {"L6 2 each and a queue of 200", true,
     [](SimulatedSite& site) { leak(site, 2), bounded_queue(site, 60, 200); }},
    {"L7 bursts of 10, one in 5", true,
     [](SimulatedSite& site) {
         site.arrivals(0.2, [&](double now) {
             for (int i = 0; i < 10; ++i) site.add(now, kNever);
         });
     }},
    {"L8 0.1 % of 5000 that live 2", true,
     [](SimulatedSite& site) { steady(site, 4995, 2), leak(site, 5); }},
    {"L9 2 % under daily load", true,
     [](SimulatedSite& site) { load(site, 200, daily, 0.5, 0.02); }},
    {"L10 0.3 each of 200", true,
     [](SimulatedSite& site) { steady(site, 200, 0.2), leak(site, 0.3); }},
    {"L11 a tenth of sessions leaks", true,
     [](SimulatedSite& site) { steady(site, 18, 4), leak(site, 2); }},
    {"L12 leak beside an LRU cache", true,
     [](SimulatedSite& site) { leak(site, 2), lru_cache(site, 100, 150, 2000); }},
    {"L13 5 each in every other phase of 5", true,
     [](SimulatedSite& site) {
         const double begin = site.uniform(0, 10);
         site.arrivals(5, [&](double now) {
             if (std::fmod(now + begin, 10) < 5) site.add(now, kNever);
         });
     }},
    {"N1 steady, live 0.1", false, [](SimulatedSite& site) { steady(site, 100, 0.1); }},
    {"N2 steady, live 3", false, [](SimulatedSite& site) { steady(site, 20, 3); }},
    {"N3 Pareto lives, a = 1.2", false,
     [](SimulatedSite& site) {
         site.arrivals(50, [&](double now) {
             site.add(now,
                      now + 0.2 * site.lifetime_factor * std::pow(site.uniform(1e-9, 1), -1 / 1.2));
         });
     }},
    {"N4 cache full at 25 %", false,
     [](SimulatedSite& site) {
         for (int i = 0; i < 500; ++i) site.add(site.uniform(0, 0.25) * site.length(), kNever);
     }},
    {"N4b filled slowly to 60 %", false,
     [](SimulatedSite& site) {
         for (int i = 0; i < 300; ++i) site.add(site.uniform(0, 0.6) * site.length(), kNever);
     }},
    {"N5 queue of 200, 60 each", false, [](SimulatedSite& site) { bounded_queue(site, 60, 200); }},
    {"N5b LRU cache of 150, Zipf", false,
     [](SimulatedSite& site) { lru_cache(site, 100, 150, 2000); }},
    {"N5c random replacement, 200", false,
     [](SimulatedSite& site) { random_replacement(site, 40, 200); }},
    {"N6 sawtooth of 7.3", false, [](SimulatedSite& site) { sawtooth(site, 40, 7.3); }},
    {"N6b sawtooth of 15", false, [](SimulatedSite& site) { sawtooth(site, 40, 15); }},
    {"N7 50 at the start", false,
     [](SimulatedSite& site) {
         for (int i = 0; i < 50; ++i) site.add(site.uniform(0, 0.5), kNever);
     }},
    {"N8 load ramps, then flat", false,
     [](SimulatedSite& site) {
         load(
             site, 40, [](double position) { return std::min(1.0, 2 * position); }, 0.5);
     }},
    {"N9 daily load, live 0.5", false, [](SimulatedSite& site) { load(site, 80, daily, 0.5); }},
    {"N10 interns 150 names, 20 each", false,
     [](SimulatedSite& site) { interning(site, 20, 150); }},
    {"N10b interns 150 names, 60 each", false,
     [](SimulatedSite& site) { interning(site, 60, 150); }},
    {"N11 load grows all the time", false,
     [](SimulatedSite& site) {
         load(
             site, 60, [](double position) { return position; }, 0.5);
     }},
    {"N12 5 % sessions that live 6", false,
     [](SimulatedSite& site) { steady(site, 95, 0.1), steady(site, 5, 6); }},
    {"N13 15 made lazily by 70 %", false,
     [](SimulatedSite& site) {
         for (int i = 0; i < 15; ++i) site.add(site.uniform(0, 0.7) * site.length(), kNever);
     }},
    {"N14 long sessions that live 8", false, [](SimulatedSite& site) { steady(site, 1, 8); }},
    {"N15 cache with a time to live of 6", false,
     [](SimulatedSite& site) {
         site.arrivals(20, [&](double now) { site.add(now, now + 6 * site.lifetime_factor); });
     }},
    {"N16 pool that reuses objects", false,
     [](SimulatedSite& site) { object_pool(site, 60, 0.5); }},
    {"N17 sessions of 6 under rising load", false,
     [](SimulatedSite& site) {
         load(
             site, 20, [](double position) { return position; }, 6);
     }},
};

}  // namespace

void SimulatedSite::add(double born, double died) {
    if (born >= length()) return;
    const auto interval = static_cast<uint32_t>(born);
    ++allocations_[interval];
    if (died >= length()) return;
    const auto freed = static_cast<uint32_t>(died);
    ++deallocations_[freed];
    if (freed > interval) ++aged_[{interval, freed}];
}

model::SiteHistory SimulatedSite::history() const {
    model::SiteHistory history;
    double allocations = 0;
    double deallocations = 0;
    for (size_t i = 0; i < intervals; ++i) {
        history.allocations.push_back(allocations += allocations_[i]);
        history.deallocations.push_back(deallocations += deallocations_[i]);
        history.allocated_bytes.push_back(64 * allocations);
        history.deallocated_bytes.push_back(64 * deallocations);
    }
    for (const auto& [ages, count] : aged_)
        history.aged.push_back({ages.first, ages.second, count, 64 * count});
    return history;
}

double SimulatedSite::uniform(double low, double high) {
    return std::uniform_real_distribution<>(low, high)(random);
}

double SimulatedSite::exponential(double mean) {
    return -mean * std::log(1 - std::uniform_real_distribution<>(0, 1)(random));
}

void SimulatedSite::arrivals(const std::function<double(double)>& rate, double most,
                             const std::function<void(double)>& made) {
    most *= rate_factor;
    for (double now = exponential(1 / most); now < length(); now += exponential(1 / most))
        if (uniform(0, 1) * most < rate(now) * rate_factor) made(now);
}

const std::vector<GrowthCase>& growth_cases() {
    return kCases;
}

model::SiteHistory simulate(const GrowthCase& kind, size_t intervals, Random& random) {
    std::uniform_real_distribution<> rate(-1.3, 1.3);
    std::uniform_real_distribution<> lifetime(-1, 1);
    const double rate_factor = std::exp2(rate(random));
    const double lifetime_factor = std::exp2(lifetime(random));
    SimulatedSite site(intervals, random, rate_factor, lifetime_factor);
    kind.simulate(site);
    return site.history();
}

model::Growth judge(const model::SiteHistory& history) {
    model::Timing timing;
    for (size_t i = 1; i <= history.allocations.size(); ++i)
        timing.time.push_back(static_cast<double>(i));
    timing.work = timing.time;
    return model::judge_growth(model::Survivors(history, timing));
}

double score_of(const model::SiteHistory& history) {
    model::History whole;
    for (uint32_t i = 1; i <= history.allocations.size(); ++i)
        whole.points.push_back(
            {.snapshot = i, .generation = i, .seconds = 1.0 * i, .operations = 1000.0 * i});
    return model::score_leak(whole, history).score;
}

}  // namespace heapdrift::testing
