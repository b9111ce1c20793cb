// Whether some of a site's blocks last, among many that die at one rate.
//
// Where blocks ordinarily live for a few intervals, a run of 24 is too short for an age that all
// of them die before: what is old is a mixture, and its deaths hide those that never die. But then
// deaths become rarer with age in a way of their own: at one rate as long as nearly all there are
// the ordinary ones, then next to none. Three ways of dying are fitted to the deaths at each age:
// at one rate, ever more rarely (a heavy tail), and at one rate but for a share that lasts. The
// last one is believed only where it is far more likely than both others.
#pragma once

#include "analyzer/model/survivors.h"

namespace heapdrift::model {

struct Lasting {
    bool found = false;
    double rate = 0;         // of ordinary blocks: deaths in an interval
    double share = 0;        // of blocks that are one interval old: those that last
    double most_hazard = 0;  // deaths of those in an interval, at most

    // Of what is live at this age.
    double share_at(double age) const;
};

// Of the blocks born from the interval `first` on.
Lasting find_lasting(const Survivors& survivors, size_t first);

}  // namespace heapdrift::model
