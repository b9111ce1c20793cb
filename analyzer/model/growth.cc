#include "analyzer/model/growth.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "analyzer/model/births.h"
#include "analyzer/model/records.h"
#include "analyzer/model/statistics.h"

namespace heapdrift::model {

namespace {

constexpr double kHazardScale = 0.4;
// Survivors and intervals that are worth half of what many are.
constexpr double kHalfSurvivors = 1;
constexpr double kHalfSpread = 1;
// The first part of the run does not count: less of it where blocks are freed, for then the mature
// age keeps what comes and goes out of the count.
constexpr double kWarmUp = 0.125;
constexpr double kWarmUpUnfreed = 0.2;
// A fall from the start on is believed where it fits so much worse at most than one from the
// warm-up on: what a program sets up first is no part of it.
constexpr double kFitsAsWell = 1.3;
// The mature age is one that all but this share of the freed blocks did not reach, and so far from
// the run's length that something mature can be born.
constexpr double kLongLived = 0.05;
constexpr double kLeastMatureSpan = 4;
constexpr double kScoredWell = 0.9;
constexpr std::array<double, 13> kMatureAges = {1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 48};

class Judge {
public:
    Judge(const Survivors& survivors, size_t warm_up, double age, const Lasting& lasting,
          double most_left)
        : survivors_(survivors),
          end_(survivors.born_before(age, survivors.points() - 1)),
          most_left_(most_left) {
        growth_.intervals = survivors.points();
        growth_.warm_up = warm_up;
        growth_.mature_age = age;
        growth_.lasting = lasting;
    }

    Growth judge() {
        births_ = births_from(growth_.warm_up);
        for (size_t born = growth_.warm_up; born < end_; ++born) {
            const double live = survivors_.live_at_end(born);
            growth_.survivors += live;
            growth_.allocated += survivors_.allocated(born);
            if (live > 0) ++growth_.generations;
        }
        growth_.candidates = births_.size();
        if (growth_.survivors <= 0) return growth_;
        judge_age();
        judge_trend();
        judge_going_on();
        growth_.balance = balance_of(survivors_, growth_.warm_up, end_);
        const double k = static_cast<double>(growth_.generations);
        growth_.spread_term = k / (k + kHalfSpread);
        growth_.score = std::pow(growth_.trend_term, kTrendWeight) *
                        std::pow(growth_.spread_term, kSpreadWeight) *
                        std::pow(growth_.age_term, kAgeWeight) *
                        std::pow(growth_.going_on_term, kGoingOnWeight) *
                        std::pow(growth_.balance.share, kBalanceWeight);
        return growth_;
    }

    // Of births of survivors, at the end.
    double surely_left() const { return fit_decline(births_).surely_left; }

private:
    void judge_age() {
        for (size_t at = growth_.warm_up; at + 1 < growth_.intervals; ++at) {
            const size_t end = survivors_.born_before(growth_.mature_age, at);
            for (size_t born = growth_.warm_up; born < end; ++born) {
                growth_.exposure += survivors_.live(born, at) * survivors_.length(at + 1);
                growth_.deaths += survivors_.deaths(born, at + 1);
            }
        }
        const double hazard = (growth_.deaths + 0.5) / std::max(growth_.exposure, 1.0);
        growth_.age_term = age_term(hazard, growth_.survivors);
        if (!growth_.lasting.found) return;
        for (size_t born = growth_.warm_up; born < end_; ++born)
            growth_.lasting_blocks +=
                survivors_.live_at_end(born) *
                growth_.lasting.share_at(survivors_.age(born, growth_.intervals - 1));
        const double of_lasting = age_term(growth_.lasting.most_hazard, growth_.lasting_blocks);
        growth_.lasting.found = of_lasting > growth_.age_term;
        growth_.age_term = std::max(growth_.age_term, of_lasting);
    }

    double age_term(double hazard, double blocks) const {
        return std::exp(-kHazardScale * hazard * static_cast<double>(growth_.intervals)) * blocks /
               (blocks + kHalfSurvivors);
    }

    void judge_trend() {
        const std::vector<double> counts = survivors_.mature(growth_.warm_up, growth_.mature_age);
        const size_t skipped = counts.size() / 3;
        growth_.trend_z = net_rise(std::span(counts).subspan(skipped));
        growth_.trend_term = std::clamp(-std::log10(normal_tail(growth_.trend_z)) / 2, 0.0, 1.0);
    }

    // An interval too young to be mature is silent only if nothing of it is live.
    void judge_going_on() {
        double last_end = 0;
        double silent = 0;
        std::vector<double> gaps;
        for (size_t born = growth_.warm_up; born < growth_.intervals; ++born) {
            const bool mature = born < end_;
            const double work = survivors_.work_end(born) - survivors_.work_begin(born);
            if (survivors_.live_at_end(born) <= 0) {
                silent += work;
                ++growth_.silent;
            } else if (mature) {
                if (last_end > 0 && silent > 0) gaps.push_back(silent);
                last_end = survivors_.work_end(born);
                silent = 0;
                growth_.silent = 0;
            }
        }
        growth_.silence = likelihood_of_silence(last_end - births_.front().begin, silent,
                                                growth_.generations, gaps);
        growth_.decline = std::min(decline(), most_left_);
        growth_.records = likelihood_of_records(births_from(0));
        growth_.going_on_term =
            std::min({goes_on(growth_.silence), growth_.decline, no_records(growth_.records)});
    }

    // Of what stays, while it can be mature.
    std::vector<Births> births_from(size_t first) const {
        std::vector<Births> births;
        for (size_t born = first; born < end_; ++born)
            births.push_back({survivors_.live_at_end(born), survivors_.work_begin(born),
                              survivors_.work_end(born)});
        return births;
    }

    double decline() const {
        const Decline later = fit_decline(births_);
        if (growth_.warm_up <= 1) return later.left;
        const Decline whole = fit_decline(births_from(1));
        return whole.dispersion <= kFitsAsWell * later.dispersion ? std::min(whole.left, later.left)
                                                                  : later.left;
    }

    const Survivors& survivors_;
    const size_t end_;        // behind the last interval of which there are mature blocks
    const double most_left_;  // of births, as seen at a lesser age
    Growth growth_;
    std::vector<Births> births_;
};

Growth judge_with(const Survivors& survivors, const Lasting& lasting) {
    const double n = static_cast<double>(survivors.points());
    Growth best;
    best.intervals = survivors.points();
    const double shortest = survivors.lifetime_quantile(kLongLived);
    // At a great age only early births are seen. That they become fewer shows at the least one.
    double most_left = 1;
    for (const double age : kMatureAges) {
        if (age < shortest || age + kLeastMatureSpan > n) continue;
        const double warm_up = survivors.freed_total() > 0
                                   ? std::min(kWarmUp * n, std::max(1.0, (n - age) / 3))
                                   : kWarmUpUnfreed * n;
        const size_t first = std::max<size_t>(1, survivors.intervals_within(warm_up));
        Judge judge(survivors, first, age, lasting, most_left);
        const Growth growth = judge.judge();
        if (best.mature_age <= 0 && growth.survivors > 0) most_left = judge.surely_left();
        if (growth.score > best.score || best.mature_age <= 0) best = growth;
    }
    return best;
}

}  // namespace

Growth judge_growth(const Survivors& survivors) {
    Growth growth;
    growth.intervals = survivors.points();
    if (!growth.judged()) return growth;
    growth = judge_with(survivors, {});
    // To look for those that last takes milliseconds: only where they may be what is missing.
    if (growth.survivors <= 0 || growth.deaths <= 0 || growth.score >= kScoredWell) return growth;
    const Lasting lasting = find_lasting(survivors, 1);
    return lasting.found ? judge_with(survivors, lasting) : growth;
}

}  // namespace heapdrift::model
