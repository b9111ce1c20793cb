// Whether a site holds more than before, as it must where what survives is never freed.
//
// A full cache, a steady number of sessions, a table whose entries are replaced: all of them have
// old blocks that come from many intervals. But for each that stays another goes. Where survivors
// leak, the site's live blocks as a whole become more, by as many as survive.
#pragma once

#include <cstddef>

#include "analyzer/model/survivors.h"

namespace heapdrift::model {

struct Balance {
    double rise = 0;      // of all live blocks, from the first third after warm-up to the last
    double expected = 0;  // the same of the survivors
    double chance = 0;    // how far the live blocks go up and down: two deviations
    // The share of the survivors that the rise leaves room for, chance taken in.
    double share = 1;
};

// Survivors are the blocks that were born from warm_up to before `end` and are live now.
Balance balance_of(const Survivors& survivors, size_t warm_up, size_t end);

}  // namespace heapdrift::model
