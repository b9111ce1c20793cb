#include "analyzer/model/leak_ranking.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

namespace heapdrift::model {

namespace {

// Of sites that grow alike. In the larger crowd none is more than likely: a program of so many
// leaks is not to be believed, and compilers have hundreds of such sites.
constexpr size_t kSmallCrowd = 20;
constexpr size_t kLargeCrowd = 40;
constexpr double kCrowdCap = 0.65;
// Of what grows because something else does: less than is shown as a leak.
constexpr double kConsequenceCap = 0.25;

// Of many sites that look alike some do by chance, and a program that builds up what it needs until
// its end has hundreds: the doubt in each grows with their number. That so many pieces of code leak
// at once is much less likely than that they build something up.
double growth_in_crowd(double growth_score, double count) {
    constexpr auto kSmall = static_cast<double>(kSmallCrowd);
    constexpr auto kLarge = static_cast<double>(kLargeCrowd);
    const double doubt = std::sqrt(count / kSmall);
    const double large = std::min((count - kSmall) / (kLarge - kSmall), 1.0);
    return std::clamp(1 - (1 - growth_score) * doubt, 0.0, 1 - large * (1 - kCrowdCap));
}

void doubt_crowd(std::vector<LeakScore>& scores) {
    const auto count = static_cast<size_t>(std::ranges::count_if(
        scores, [](const LeakScore& score) { return score.growth_score >= kLikelyScore; }));
    if (count <= kSmallCrowd) return;
    for (LeakScore& score : scores) {
        score.growth_score = growth_in_crowd(score.growth_score, static_cast<double>(count));
        score.evidence.push_back(
            {"crowd", static_cast<double>(count), 0,
             fmt::format(
                 "{} sites grow like this, as where a program builds up what it needs until "
                 "its end",
                 count)});
        combine(score);
    }
}

// Where tensors grow, so does what PyTorch takes from the driver for them: one cause, and its
// consequence, which is no leak of its own. What grows much faster than they do does so by itself,
// in fragments.
void attribute_to_tensors(const History& history, std::vector<LeakScore>& scores) {
    constexpr double kLeastShare = 0.5;
    if (std::ranges::none_of(history.sites, &SiteSigns::holds_tensors, &SiteHistory::signs)) return;
    const auto site_of = [&](const LeakScore& score) -> const SiteHistory& {
        return *std::ranges::find(history.sites, score.site, &SiteHistory::site);
    };
    LeakScore* cause = nullptr;
    double tensors = 0;  // bytes per second
    for (LeakScore& score : scores) {
        if (score.growth_score < kLikelyScore || site_of(score).domain != Domain::cuda_tensor)
            continue;
        tensors += score.bytes_per_second.estimate;
        if (cause == nullptr || score.growth_score > cause->growth_score) cause = &score;
    }
    if (cause == nullptr) return;
    size_t consequences = 0;
    for (LeakScore& score : scores) {
        if (score.growth_score < kMattersFrom || !site_of(score).signs.holds_tensors ||
            kLeastShare * score.bytes_per_second.estimate > tensors)
            continue;
        cap_growth(
            score, kConsequenceCap,
            {"tensors", static_cast<double>(cause->site), 0,
             fmt::format("PyTorch took it for tensors, and those of site {} grow: a consequence",
                         cause->site)});
        combine(score);
        ++consequences;
    }
    if (consequences == 0) return;
    cause->evidence.push_back(
        {"segments", static_cast<double>(consequences), 0,
         fmt::format(
             "PyTorch took ever more memory from the driver for tensors, by {}: that is a "
             "consequence, and no leak of its own",
             consequences == 1 ? "1 call stack" : fmt::format("{} call stacks", consequences))});
}

}  // namespace

std::vector<LeakScore> rank_leaks(const History& history, double least_score) {
    // What the crowd is must not hang on what is shown of it.
    const double least_considered = std::min(least_score, kLikelyScore);
    std::vector<LeakScore> ranked;
    for (const SiteHistory& site : history.sites) {
        LeakScore score = score_leak(history, site);
        if (score.score >= least_considered && score.score > 0) ranked.push_back(std::move(score));
    }
    doubt_crowd(ranked);
    attribute_to_tensors(history, ranked);
    std::erase_if(ranked, [&](const LeakScore& score) { return score.score < least_score; });
    // By hundredths: beyond that a score says nothing, and the loss is what matters.
    const auto order = [](const LeakScore& score) {
        return std::tuple(-std::lround(score.score * 100), -score.bytes_per_second.estimate,
                          -score.live_bytes, score.site);
    };
    std::ranges::sort(ranked, {}, order);
    return ranked;
}

}  // namespace heapdrift::model
