#include "analyzer/model/backlog.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "analyzer/model/statistics.h"

namespace heapdrift::model {

namespace {

constexpr size_t kLeastPoints = 12;
// Content that rises at one pace from the start has four times as much at the end as at a quarter.
constexpr double kLeastRatio = 2.4;
// Fewer deallocations leave survivors enough, which say more.
constexpr double kLeastFreed = 0.3;
// Of allocations, in blocks for each time, from the first half to the second. Where it is more,
// the content must have risen with all that was ever allocated: with rising load it follows the
// rate, and so falls behind.
constexpr double kMostLoadRise = 1.2;
constexpr double kLeastShareKept = 0.9;
// A fall by more of the whole is that of a buffer which is emptied.
constexpr double kMostFall = 0.15;
// Of the rise the part that comes in the second half: 0.5 at one pace, 0.3 in the long tail of a
// warm-up.
constexpr double kTailShare = 0.3;
constexpr double kPaceShare = 0.45;
// Of that part's standard deviation, which is about the rise's: chance must not hide the pace.
constexpr double kPaceChance = 0.5;
constexpr double kChanceZ = 1.5;
constexpr double kSureZ = 3;

bool falls(const std::vector<double>& live) {
    double most = 0;
    for (const double each : live) {
        most = std::max(most, each);
        if (most - each > kMostFall * live.back()) return true;
    }
    return false;
}

size_t first_from(const std::vector<double>& rising, double value) {
    return static_cast<size_t>(std::ranges::lower_bound(rising, value) - rising.begin());
}

double share_between(double value, double low, double high) {
    return std::clamp((value - low) / (high - low), 0.0, 1.0);
}

}  // namespace

Backlog judge_backlog(const SiteHistory& history, const Timing& timing) {
    Backlog backlog;
    const size_t points = history.allocations.size();
    if (points < kLeastPoints) return backlog;
    backlog.first = points / 4;
    const size_t last = points - 1;
    backlog.first_blocks = history.live(backlog.first);
    backlog.last_blocks = history.live(last);
    if (backlog.last_blocks < std::max(1.0, kLeastRatio * backlog.first_blocks)) return backlog;
    const auto since = [&](const std::vector<double>& counts, size_t from, size_t to) {
        return counts[to] - counts[from];
    };
    const double allocated = since(history.allocations, backlog.first, last);
    if (allocated <= 0) return backlog;
    backlog.freed_share = since(history.deallocations, backlog.first, last) / allocated;
    if (backlog.freed_share < kLeastFreed) return backlog;
    const double half_time = (timing.time[backlog.first] + timing.time[last]) / 2;
    const size_t half = first_from(timing.time, half_time);
    const auto rate = [&](size_t from, size_t to) {
        return since(history.allocations, from, to) / (timing.time[to] - timing.time[from]);
    };
    const double content_rise = backlog.last_blocks / std::max(backlog.first_blocks, 1.0);
    const double allocated_rise =
        history.allocations[last] / std::max(history.allocations[backlog.first], 1.0);
    if (rate(half, last) > kMostLoadRise * rate(backlog.first, half) &&
        content_rise < kLeastShareKept * allocated_rise)
        return backlog;
    std::vector<double> live;
    for (size_t at = backlog.first; at < points; ++at) live.push_back(history.live(at));
    if (falls(live)) return backlog;
    backlog.trend_z = net_rise(live);
    backlog.trend_term = share_between(backlog.trend_z, kChanceZ, kSureZ);
    const double rise = backlog.last_blocks - backlog.first_blocks;
    // By what was allocated, so that a pause of the program is no change of pace.
    const double half_allocated = history.allocations[backlog.first] + allocated / 2;
    const double at_half = history.live(first_from(history.allocations, half_allocated));
    const double later_part = (backlog.last_blocks - at_half) / rise;
    backlog.pace_term = share_between(later_part + kPaceChance / std::max(backlog.trend_z, 1.0),
                                      kTailShare, kPaceShare);
    backlog.score = kBacklogCap * std::sqrt(backlog.trend_term * backlog.pace_term);
    return backlog;
}

}  // namespace heapdrift::model
