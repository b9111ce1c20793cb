// Whether the few blocks of a site become larger without end: a buffer that realloc enlarges, a
// vector that moves to a larger block each time it is full.
//
// By survivors (model/growth.h) such a site has nothing: its block is always young. Here its mean
// block counts, which must never become smaller, for a buffer that is emptied or follows the load
// does. Two ways to grow are told apart:
//
//   in steps  many enlargements: they come from k intervals, k / (k + 1.5), and go on as births of
//             survivors do (model/births.h).
//   by pace   few, as where the size doubles: a block is enlarged when it is full, so what it held
//             at each enlargement is known. The content must grow at one rate, and the next
//             enlargement must not be overdue. A buffer as long as the longest line so far, or one
//             that has found its size, fails the one or the other. At most 0.65.
#pragma once

#include <cstddef>

#include "analyzer/model/site_history.h"
#include "analyzer/model/timing.h"

namespace heapdrift::model {

// By pace no more than this: four doublings at one pace are a sign, and no proof.
inline constexpr double kPaceCap = 0.65;

struct BlockGrowth {
    size_t first = 0;        // interval from which on it counts
    double blocks = 0;       // live at the end
    double first_bytes = 0;  // of the mean block at the end of the first interval
    double last_bytes = 0;   // and at the end
    size_t steps = 0;        // intervals in which it became larger
    bool by_pace = false;
    double spread_term = 0;
    double going_on_term = 0;
    double score = 0;
};

BlockGrowth judge_block_growth(const SiteHistory& history, const Timing& timing);

}  // namespace heapdrift::model
