#include "analyzer/model/leak_score.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "analyzer/model/growth_rate.h"
#include "analyzer/model/leak_evidence.h"

namespace heapdrift::model {

namespace {

constexpr double kPossibleScore = 0.3;
// Fewer survivors than this say little: an odd few live long everywhere.
constexpr double kEnoughSurvivors = 6;
constexpr double kFewSurvivorsCap = 0.45;
// Fewer, of a site that never freed one, may be a table that is filled as its entries are needed.
constexpr double kManySurvivors = 20;
constexpr double kLazyCap = 0.65;
constexpr double kShortRunCap = 0.65;
constexpr double kNoRateCap = 0.65;
// Of sites that grow alike. In the larger crowd none is more than likely.
constexpr size_t kSmallCrowd = 20;
constexpr size_t kLargeCrowd = 40;
constexpr double kCrowdCap = 0.65;
// Of what grows because something else does: less than is shown as a leak.
constexpr double kConsequenceCap = 0.25;
// Of a part of the score: above it the part says what kind of leak it is.
constexpr double kMattersFrom = kWatchScore;

// A device's own memory, where a kernel may keep pointers, is not searched, so one object says
// little, and each further one more: kManyWithoutPointer are a leak.
double score_without_pointer(const ReachSign& sign) {
    constexpr double kMost = 0.9;
    constexpr double kUnconfirmed = 0.6;
    constexpr double kHalf = 2.25;
    const double direct = static_cast<double>(sign.found.of(Reach::direct).blocks);
    const double score = kMost * direct / (direct + kHalf);
    return sign.confirmed ? score : std::min(score, kUnconfirmed);
}

double score_lost(Domain domain, const ReachSign& sign) {
    const double direct = static_cast<double>(sign.found.of(Reach::direct).blocks);
    if (direct > 0 && domain_of_cuda(domain)) return score_without_pointer(sign);
    if (direct > 0) return sign.confirmed ? 0.95 : 0.97 * direct / (direct + 1);
    if (sign.found.of(Reach::indirect).blocks > 0) return sign.confirmed ? 0.6 : 0.4;
    return sign.found.of(Reach::possible).blocks > 0 ? kPossibleScore : 0;
}

LeakKind kind_of(const LeakScore& score) {
    if (score.lost_score < kMattersFrom) return LeakKind::growth;
    return score.growth_score < kMattersFrom ? LeakKind::lost : LeakKind::lost_and_growth;
}

// A possible loss is no second sign beside growth: many programs keep pointers into their blocks
// alone, behind a header of their own.
void combine(LeakScore& score) {
    const bool certain = score.lost_score > kPossibleScore;
    score.score = certain ? 1 - (1 - score.lost_score) * (1 - score.growth_score)
                          : std::max(score.lost_score, score.growth_score);
    score.kind = kind_of(score);
}

void cap(LeakScore& score, double most, Evidence evidence) {
    if (score.growth_score <= most) return;
    score.growth_score = most;
    score.evidence.push_back(std::move(evidence));
}

void cap_by_snapshots(size_t snapshots, LeakScore& score) {
    // Of what is scored between, as much is none as is a leak.
    const double most = score.growth_score < kFewSnapshotsCap ? kFewSurvivorsCap : kFewSnapshotsCap;
    if (snapshots < kEnoughSnapshots)
        cap(score, most,
            {"snapshots", static_cast<double>(snapshots), 0,
             fmt::format("{} snapshots are few: more are needed to say more than \"{}\"", snapshots,
                         verdict_name(verdict_of(most)))});
}

void cap_by_time(const History& history, const Timing& timing, const SiteHistory& site,
                 LeakScore& score) {
    if (history.points.empty() || score.growth_score <= kShortRunCap) return;
    const bool by_number = !score.larger && !score.backlog;
    const double began = by_number ? growth_began(history, Survivors(site, timing)) : 0;
    const double seconds = history.points.back().seconds - began;
    if (seconds < kEnoughSeconds)
        cap(score, kShortRunCap,
            {"time", seconds, 0,
             fmt::format(
                 "{:.2f} s{} are short: a program that builds up what it needs does the same, "
                 "and a longer run is needed to say more than \"likely\"",
                 seconds, began > 0 ? " of growth" : "")});
}

void score_number(const Timing& timing, const SiteHistory& site, LeakScore& score) {
    const Survivors survivors(site, timing);
    score.growth = judge_growth(survivors);
    if (score.growth.judged()) score.lifetimes = lifetimes_of(survivors);
    score.growth_score = score.growth.score;
    if (score.growth.survivors <= 0) return;
    score.evidence = growth_evidence(score.growth);
    if (site.signs.stale_share) {
        score.growth_score *= 0.85 + 0.15 * *site.signs.stale_share;
        score.evidence.push_back({"staleness", *site.signs.stale_share, 0.15,
                                  fmt::format("{:.0f} % of their bytes lie on pages that were not "
                                              "written for long",
                                              100 * *site.signs.stale_share)});
    }
    if (site.ages_incomplete)
        score.evidence.push_back(
            {"ages", 0, 0,
             "the ages of some blocks were not recorded: survivors are a lower bound"});
    cap_by_snapshots(score.growth.intervals, score);
    if (score.growth.survivors < kEnoughSurvivors)
        cap(score, kFewSurvivorsCap,
            {"survivors", score.growth.survivors, 0,
             "so few blocks say little: more of them are needed to say more than \"watch\""});
    else if (score.growth.survivors < kManySurvivors && site.deallocations.back() <= 0)
        cap(score, score.growth.intervals < kEnoughSnapshots ? kFewSurvivorsCap : kLazyCap,
            {"survivors", score.growth.survivors, 0,
             "none of its blocks was ever freed, and so few may be what is made once for each kind "
             "of work: more of them are needed to say more than \"likely\""});
}

void score_size(const Timing& timing, const SiteHistory& site, LeakScore& score) {
    const BlockGrowth larger = judge_block_growth(site, timing);
    if (larger.score <= score.growth_score) return;
    score.larger = larger;
    score.growth_score = larger.score;
    score.evidence = block_growth_evidence(larger);
    cap_by_snapshots(site.allocations.size(), score);
}

void score_backlog(const Timing& timing, const SiteHistory& site, LeakScore& score) {
    const Backlog backlog = judge_backlog(site, timing);
    if (backlog.score <= score.growth_score) return;
    score.larger.reset();
    score.backlog = backlog;
    score.growth_score = backlog.score;
    score.evidence = backlog_evidence(backlog);
    cap_by_snapshots(site.allocations.size(), score);
}

void measure_growth(const History& history, const Timing& timing, const SiteHistory& site,
                    LeakScore& score) {
    GrowthRate rate;
    if (score.larger || score.backlog)
        rate = rate_from(history, site, score.larger ? score.larger->first : score.backlog->first);
    else if (score.growth.survivors > 0)
        rate = rate_of_survivors(history, timing, site, score.growth);
    score.bytes_per_second = rate.bytes_per_second;
    score.bytes_per_snapshot = rate.bytes_per_snapshot;
}

// What was built up in a few steps has survivors, too, but from most snapshots to later ones they
// became no more; rare bursts of a leak look alike.
void cap_by_rate(LeakScore& score) {
    if (score.larger || score.backlog || score.live_bytes <= 0 ||
        score.bytes_per_second.estimate > 0)
        return;
    cap(score, kNoRateCap,
        {"rate", score.bytes_per_second.estimate, 0,
         "from most snapshots to later ones these blocks became no more: what is built up in a few "
         "steps, and kept, does the same"});
}

}  // namespace

const char* verdict_name(Verdict verdict) {
    constexpr const char* kNames[] = {"none", "watch", "likely", "leak"};
    return kNames[static_cast<size_t>(verdict)];
}

Verdict verdict_of(double score) {
    if (score >= kLeakScore) return Verdict::leak;
    if (score >= kLikelyScore) return Verdict::likely;
    return score >= kWatchScore ? Verdict::watch : Verdict::none;
}

const char* leak_kind_name(LeakKind kind) {
    constexpr const char* kNames[] = {"growth", "lost", "lost+growth"};
    return kNames[static_cast<size_t>(kind)];
}

LeakScore score_leak(const History& history, const SiteHistory& site) {
    LeakScore score;
    score.site = site.site;
    if (!history.points.empty()) {
        score.live = site.live(history.points.size() - 1);
        score.live_bytes = site.live_bytes(history.points.size() - 1);
    }
    const Timing timing = timing_of(history.points);
    score_number(timing, site, score);
    score_size(timing, site, score);
    score_backlog(timing, site, score);
    cap_by_time(history, timing, site, score);
    if (score.growth_score >= kMattersFrom) {
        measure_growth(history, timing, site, score);
        cap_by_rate(score);
    }
    if (site.signs.reachability) {
        score.lost_score = score_lost(site.domain, *site.signs.reachability);
        score.evidence.push_back(reachability_evidence(site, score.lost_score));
    }
    combine(score);
    if (score.verdict() == Verdict::none) return score;
    if (score.kind == LeakKind::lost) measure_growth(history, timing, site, score);
    score.reading = leak_reading(score, site);
    return score;
}

namespace {

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
        cap(score, kConsequenceCap,
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
