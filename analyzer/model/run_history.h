// Several runs of one program, joined: what one run cannot tell, such as a slow leak in runs of a
// day.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analyzer/model/trend.h"

namespace heapdrift::model {

struct RunRow {
    std::string key;  // "" for everything together
    std::vector<std::optional<Trend>>
        runs;  // of each run, in their order; nothing where it is absent
    // Of what was live at the runs' last snapshots, from run to run; an absent one counts as 0.
    Trend across;
    Slope bytes_per_run;
};

// Rows match by key. Those that hold most in the last run come first; the first is everything.
std::vector<RunRow> join_runs(std::span<const TrendTable> runs);

}  // namespace heapdrift::model
