#include "analyzer/model/leak_score.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analyzer/model/growth_rate.h"
#include "analyzer/model/leak_evidence.h"

namespace heapdrift::model {

namespace {

// Many programs keep a pointer into their blocks alone: a sign to look at, and no leak.
constexpr double kPossibleScore = kWatchScore;
// Fewer survivors than this say little, "watch" at most: an odd few live long everywhere.
constexpr double kEnoughSurvivors = 6;
constexpr double kFewSurvivorsCap = 0.45;
// Fewer, of a site that never freed one, may be a table that is filled as its entries are needed.
constexpr double kManySurvivors = 20;
// "Likely" at most, and above what few snapshots leave: programs that build up what they need grow
// like leaks in all that is counted, so that only the number, the time or the rate could tell.
constexpr double kLazyCap = 0.65;
constexpr double kShortRunCap = 0.65;
constexpr double kNoRateCap = 0.65;

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

void cap_by_snapshots(size_t snapshots, LeakScore& score) {
    // Of what is scored between, as much is none as is a leak.
    const double most = score.growth_score < kFewSnapshotsCap ? kFewSurvivorsCap : kFewSnapshotsCap;
    if (snapshots < kEnoughSnapshots)
        cap_growth(score, most,
                   {"snapshots", static_cast<double>(snapshots), 0,
                    fmt::format("{} snapshots are few: more are needed to say more than \"{}\"",
                                snapshots, verdict_name(verdict_of(most)))});
}

void cap_by_time(const History& history, const Timing& timing, const SiteHistory& site,
                 LeakScore& score) {
    if (history.points.empty() || score.growth_score <= kShortRunCap) return;
    const bool by_number = !score.larger && !score.backlog;
    const double began = by_number ? growth_began(history, Survivors(site, timing)) : 0;
    const double seconds = history.points.back().seconds - began;
    if (seconds < kEnoughSeconds)
        cap_growth(
            score, kShortRunCap,
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
        cap_growth(
            score, kFewSurvivorsCap,
            {"survivors", score.growth.survivors, 0,
             "so few blocks say little: more of them are needed to say more than \"watch\""});
    else if (score.growth.survivors < kManySurvivors && site.deallocations.back() <= 0)
        cap_growth(
            score, score.growth.intervals < kEnoughSnapshots ? kFewSurvivorsCap : kLazyCap,
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
    cap_growth(
        score, kNoRateCap,
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

// A possible loss is no second sign beside growth: many programs keep pointers into their blocks
// alone, behind a header of their own.
void combine(LeakScore& score) {
    const bool certain = score.lost_score > kPossibleScore;
    score.score = certain ? 1 - (1 - score.lost_score) * (1 - score.growth_score)
                          : std::max(score.lost_score, score.growth_score);
    score.kind = kind_of(score);
}

void cap_growth(LeakScore& score, double most, Evidence evidence) {
    if (score.growth_score <= most) return;
    score.growth_score = most;
    score.evidence.push_back(std::move(evidence));
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

}  // namespace heapdrift::model
