// Whether what a site keeps grows without end, from the survivors of its intervals alone.
//
// Live blocks say little: they follow load, warm up, and wander. What tells a leak is that blocks
// which are older than the site's ordinary lifetime ("mature") are there from many intervals, die
// no more, and go on coming. Five terms in [0, 1] say so, and the score is their weighted product:
//
//   age       mature blocks do not die. With the hazard h = deaths / exposure of mature blocks, in
//             deaths for each interval, and n intervals: exp(-0.4 h n) X / (X + 1), X survivors.
//             A cache or session that lives 12 intervals dies twice in 24; a leak never does.
//             Where some last among many that die at one rate (model/lasting.h), h and X are
//             theirs.
//   spread    survivors come from k distinct intervals: k / (k + 1). A start, a resize or a
//             burst is one of them, however many blocks it has.
//   trend     the number of mature blocks rises in its later half too: the sum of its steps by the
//             root of their squares. A bounded cache has steps up and down.
//   going on  by the work that the process does, not by time, the least of three. Silence: how
//             likely the last intervals would be without a survivor, were it still going on.
//             Decline: births of survivors fall exponentially, as those of a table that fills up;
//             the factor by which they fell, as far as that is beyond chance; from the start on,
//             where they fall so from there. Records: they come no more often than new maxima of a
//             steady load, as a pool's objects do (model/records.h).
//   balance   the site's live blocks as a whole become more, by as many (model/balance.h).
//
// The mature age is tried at several values and the best one counts: a site may have a leak among
// blocks that live long. Constants were chosen, and are judged, by tests/evaluation.
#pragma once

#include <cstddef>

#include "analyzer/model/balance.h"
#include "analyzer/model/lasting.h"
#include "analyzer/model/survivors.h"

namespace heapdrift::model {

// Exponents of the five terms.
inline constexpr double kAgeWeight = 0.5;
inline constexpr double kSpreadWeight = 0.5;
inline constexpr double kTrendWeight = 0.25;
inline constexpr double kGoingOnWeight = 0.8;
inline constexpr double kBalanceWeight = 0.5;

// Below, a growth score is no more than 0.6, "likely": with so few snapshots one false alarm in six
// is to be expected.
inline constexpr size_t kEnoughSnapshots = 16;
// Below, growth is not judged at all.
inline constexpr size_t kLeastSnapshots = 6;

struct Growth {
    size_t intervals = 0;
    size_t warm_up = 0;      // first intervals, which do not count
    double mature_age = 0;   // in intervals of mean length
    size_t candidates = 0;   // intervals that mature blocks can be from
    double survivors = 0;    // live mature blocks at the end
    double allocated = 0;    // in the intervals that they were born in
    double deaths = 0;       // of mature blocks
    double exposure = 0;     // intervals that mature blocks lived through, of all blocks
    size_t generations = 0;  // intervals with a survivor
    size_t silent = 0;       // last intervals without
    double silence = 1;      // how likely so many are
    double decline = 1;      // births of survivors at the end, as a share of those at the start
    double records = 0;      // how likely as many would be, were they records of a steady load
    Lasting lasting;         // where some last among others
    double lasting_blocks = 0;
    Balance balance;
    double trend_z = 0;  // net rise of the mature blocks in standard deviations
    double age_term = 0;
    double spread_term = 0;
    double trend_term = 0;
    double going_on_term = 0;
    double score = 0;  // their product, before any cap

    bool judged() const { return intervals >= kLeastSnapshots; }
    double hazard() const { return exposure > 0 ? deaths / exposure : 0; }
};

Growth judge_growth(const Survivors& survivors);

}  // namespace heapdrift::model
