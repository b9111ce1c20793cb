#include "analyzer/model/block_growth.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "analyzer/model/births.h"
#include "analyzer/model/growth.h"

namespace heapdrift::model {

namespace {

// What grows at one pace from the start has four times as much at the end as at a quarter. Less
// than this is what blocks of changing content do: numbers in a list become longer.
constexpr double kLeastGrowth = 1.5;
// A mean moves a little when one of several blocks is replaced.
constexpr double kLevel = 0.02;
// Where blocks become more, that is what grows, and survivors tell.
constexpr double kMostMoreBlocks = 1.25;
constexpr double kHalfSpread = 1.5;
// Of counts that are of type double.
constexpr double kOneLive = 0.5;
// Fewer have no rhythm, or no pace, that could not be chance.
constexpr size_t kLeastSteps = 6;
constexpr size_t kLeastPaceSteps = 4;
// From a quarter of the run to its end content at one pace grows fourfold.
constexpr double kLeastPaceGrowth = 1.9;
// Rates that differ by less are one rate, and so much of the expected time is not overdue.
constexpr double kSamePace = 1.35;

// An enlargement: when, in work, and between which sizes. It lies somewhere in the interval.
struct Step {
    double begin = 0;
    double end = 0;
    double before = 0;
    double after = 0;

    double middle() const { return (begin + end) / 2; }
};

double work_begin(const Timing& timing, size_t interval) {
    return interval == 0 ? 0 : timing.work[interval - 1];
}

bool none_live(const SiteHistory& history, size_t at) {
    return history.live(at) < kOneLive;
}

// A snapshot may fall into a realloc, whose block is then neither the old nor the new one.
bool within_realloc(const SiteHistory& history, size_t at) {
    if (at == 0 || at + 1 >= history.allocations.size()) return false;
    const double before = history.live(at - 1);
    return std::abs(before - history.live(at + 1)) < kOneLive &&
           history.live(at) < before - kOneLive;
}

// Mean bytes of the blocks at each point; empty where they become smaller, more, or none.
std::vector<double> rising_sizes(const SiteHistory& history, size_t first) {
    std::vector<double> sizes;
    const size_t points = history.allocations.size();
    double most = 0;
    for (size_t at = 0; at < points; ++at) {
        if (within_realloc(history, at)) {
            sizes.push_back(most);
            continue;
        }
        const double live = history.live(at);
        if (live < kOneLive && at >= first) return {};
        const double size = live < kOneLive ? 0 : history.live_bytes(at) / live;
        if (size < most * (1 - kLevel)) return {};
        if (at >= first && live > kMostMoreBlocks * history.live(first)) return {};
        most = std::max(most, size);
        sizes.push_back(most);
    }
    return sizes;
}

std::vector<Step> steps_of(const std::vector<double>& sizes, const Timing& timing, size_t first) {
    std::vector<Step> steps;
    for (size_t at = std::max<size_t>(first, 1); at < sizes.size(); ++at)
        if (sizes[at] > sizes[at - 1] && sizes[at - 1] > 0)
            steps.push_back({work_begin(timing, at), timing.work[at], sizes[at - 1], sizes[at]});
    return steps;
}

void finish(BlockGrowth& growth) {
    const double k = static_cast<double>(growth.steps);
    growth.spread_term = k / (k + kHalfSpread);
    growth.score = std::pow(growth.spread_term, kSpreadWeight) *
                   std::pow(growth.going_on_term, kGoingOnWeight);
    if (growth.by_pace) growth.score = std::min(growth.score, kPaceCap);
}

BlockGrowth in_steps(BlockGrowth growth, const std::vector<double>& sizes, const Timing& timing) {
    const std::vector<Step> steps = steps_of(sizes, timing, growth.first + 1);
    growth.steps = steps.size();
    if (growth.steps < kLeastSteps) return growth;
    const double rise = sizes.back() - sizes[growth.first];
    std::vector<Births> births;
    std::vector<double> gaps;
    double last_end = 0;
    double silent = 0;
    for (size_t at = growth.first + 1; at < sizes.size(); ++at) {
        const double begin = work_begin(timing, at);
        const double grown = sizes[at] - sizes[at - 1];
        births.push_back(
            {grown / rise * static_cast<double>(growth.steps), begin, timing.work[at]});
        if (grown <= 0) {
            silent += timing.work[at] - begin;
            continue;
        }
        if (last_end > 0 && silent > 0) gaps.push_back(silent);
        last_end = timing.work[at];
        silent = 0;
    }
    const double likelihood =
        likelihood_of_silence(last_end - births.front().begin, silent, growth.steps, gaps);
    growth.going_on_term = std::min(goes_on(likelihood), fit_decline(births).left);
    finish(growth);
    return growth;
}

// Whether the content grew at one rate, and how much of the time until the next enlargement is
// over; nothing known is 0.
double pace_kept(const std::vector<Step>& steps, double now) {
    double slowest = 0;  // the least rate that all but the fastest allow
    double fastest = INFINITY;
    for (size_t i = 1; i < steps.size(); ++i) {
        const double grown = steps[i].before - steps[i - 1].before;
        slowest = std::max(slowest, grown / (steps[i].end - steps[i - 1].begin));
        if (steps[i].begin > steps[i - 1].end)
            fastest = std::min(fastest, grown / (steps[i].begin - steps[i - 1].end));
    }
    if (slowest <= 0 || slowest > kSamePace * fastest) return 0;
    const Step& last = steps.back();
    const double rate =
        (last.before - steps.front().before) / (last.middle() - steps.front().middle());
    const double due = (last.after - last.before) / rate;
    return std::min(1.0, std::pow(kSamePace * due / std::max(now - last.end, 1e-9), 3));
}

BlockGrowth by_pace(BlockGrowth growth, const std::vector<double>& sizes, const Timing& timing) {
    std::vector<Step> steps = steps_of(sizes, timing, 1);
    growth.by_pace = true;
    growth.steps = steps.size();
    if (growth.steps < kLeastPaceSteps || growth.last_bytes < kLeastPaceGrowth * growth.first_bytes)
        return growth;
    // The first ones fall into few intervals, and say little.
    if (steps.size() > kLeastPaceSteps)
        steps.erase(steps.begin(), steps.end() - static_cast<std::ptrdiff_t>(kLeastPaceSteps));
    growth.going_on_term = pace_kept(steps, timing.work.back());
    finish(growth);
    return growth;
}

}  // namespace

BlockGrowth judge_block_growth(const SiteHistory& history, const Timing& timing) {
    const size_t points = history.allocations.size();
    BlockGrowth growth;
    if (points < kLeastSnapshots) return growth;
    growth.first = points / 4;
    while (growth.first < points && none_live(history, growth.first)) ++growth.first;
    if (growth.first + kLeastSnapshots > points) return growth;
    const std::vector<double> sizes = rising_sizes(history, growth.first);
    if (sizes.empty() || sizes.back() < kLeastGrowth * sizes[growth.first]) return growth;
    growth.blocks = history.live(points - 1);
    growth.first_bytes = sizes[growth.first];
    growth.last_bytes = sizes.back();
    const BlockGrowth steps = in_steps(growth, sizes, timing);
    const BlockGrowth pace = by_pace(growth, sizes, timing);
    return pace.score > steps.score ? pace : steps;
}

}  // namespace heapdrift::model
