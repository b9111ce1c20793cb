// How sure it is that a site leaks, in [0, 1], with the evidence in numbers.
//
//   score = 1 - (1 - lost) (1 - growth), where blocks are possibly lost alone max(lost, growth)
//
// growth is the highest of three: model/growth.h's (ever more blocks), where staleness is known
// times 0.85 + 0.15 of the stale share, model/block_growth.h's (ever larger ones) and
// model/backlog.h's (ever more, though each is freed at last); it is capped where too little was
// seen. lost is from a scan: 0.95 for a confirmed directly lost block, 0.97 U / (U + 1) for U
// unconfirmed ones, 0.6 where blocks are only indirectly lost, 0.3 where they are possibly lost; of
// CUDA's memory 0.9 U / (U + 2.25) for U objects that no host memory has a pointer to.
// What is not known (no scan, no staleness) is left out, and said. What the other sites of a
// program say of one is model/leak_ranking.h's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analyzer/model/backlog.h"
#include "analyzer/model/block_growth.h"
#include "analyzer/model/growth.h"
#include "analyzer/model/lifetimes.h"
#include "analyzer/model/site_history.h"
#include "analyzer/model/statistics.h"

namespace heapdrift::model {

enum class Verdict { none, watch, likely, leak };
const char* verdict_name(Verdict verdict);
// From 0.3 watch, from 0.5 likely, from 0.7 leak.
Verdict verdict_of(double score);
inline constexpr double kWatchScore = 0.3;
inline constexpr double kLikelyScore = 0.5;
inline constexpr double kLeakScore = 0.7;
// The most that a growth score is with fewer than kEnoughSnapshots.
inline constexpr double kFewSnapshotsCap = 0.6;
// In less time nothing tells a program that leaks from one that builds up what it needs, however
// many snapshots there are.
inline constexpr double kEnoughSeconds = 0.75;

// Of a part of the score: from here on the part says what kind of leak it is.
inline constexpr double kMattersFrom = kWatchScore;

enum class LeakKind { growth, lost, lost_and_growth };
const char* leak_kind_name(LeakKind kind);  // "growth", "lost", "lost+growth"

// One reason, with the number behind it. weight: its exponent in the growth score; 0 of what only
// caps the score, 1 of a scan's.
struct Evidence {
    std::string name;
    double value = 0;
    double weight = 0;
    std::string text;
};

struct LeakScore {
    uint32_t site = 0;  // Site::id
    double score = 0;
    double growth_score = 0;  // capped
    double lost_score = 0;
    LeakKind kind = LeakKind::growth;
    Growth growth;
    Lifetimes lifetimes;
    // Where that is what the growth score is from.
    std::optional<BlockGrowth> larger;
    std::optional<Backlog> backlog;
    double live = 0;        // blocks (of a sampled session: samples) at the last snapshot
    double live_bytes = 0;  // then
    // As model/growth_rate.h measures them.
    Slope bytes_per_second;
    Slope bytes_per_snapshot;
    std::vector<Evidence> evidence;
    std::string reading;  // the evidence in one sentence

    Verdict verdict() const { return verdict_of(score); }
};

LeakScore score_leak(const History& history, const SiteHistory& site);

// For what knows more than the site's own history. Lowers the growth score where it is higher than
// `most`, with the reason; combine makes the score and its kind anew from their parts.
void cap_growth(LeakScore& score, double most, Evidence reason);
void combine(LeakScore& score);

}  // namespace heapdrift::model
