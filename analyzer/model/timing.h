// Two clocks of a history, read at the end of each interval.
#pragma once

#include <span>
#include <vector>

#include "analyzer/model/site_history.h"

namespace heapdrift::model {

struct Timing {
    // Time, in intervals of mean length: snapshots come late where a program is idle or the machine
    // busy, and a lifetime is not longer for that. The last is the number of intervals.
    std::vector<double> time;
    // The same, but intervals in which the whole process allocates and frees less than in its
    // median interval count less: while a program rests or winds down, the silence of a site says
    // nothing.
    std::vector<double> work;
};

// Of a history whose snapshots were taken by the number of operations: for what judges it these are
// the time, so that when the process ran, and how fast, is nothing to it.
void take_operations_for_time(History& history);

// seconds and operations of the points must rise.
Timing timing_of(std::span<const HistoryPoint> points);

}  // namespace heapdrift::model
