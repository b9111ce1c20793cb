// What a team has accepted: leaks that are known, and figures that later runs are compared with.
// A value; input/baseline_file.h reads and writes it.
#pragma once

#include <string>
#include <vector>

#include "analyzer/model/gate/budget.h"
#include "analyzer/model/gate/leak_identity.h"
#include "analyzer/model/leak_score.h"

namespace heapdrift::model {

struct BaselineLeak {
    LeakIdentity identity;
    LeakKind kind = LeakKind::lost;
    uint64_t blocks = 0;  // the most that a process had
    uint64_t bytes = 0;
    // That it was found in: only their runs can tell that it is gone. Sorted.
    std::vector<std::string> programs = {};

    bool operator==(const BaselineLeak&) const = default;
};

struct BaselineFigure {
    std::string program;
    Metric metric = Metric::peak;
    std::vector<uint64_t> values;  // of each run

    bool operator==(const BaselineFigure&) const = default;
};

struct Baseline {
    std::vector<BaselineFigure> figures;  // sorted by program and metric
    std::vector<BaselineLeak> leaks;      // sorted by identity

    const BaselineLeak* find(const LeakIdentity& identity) const;
    const BaselineFigure* find(const std::string& program, Metric metric) const;
    bool operator==(const Baseline&) const = default;
};

// In the order that the file has.
void sort(Baseline& baseline);

// Figures that are kept of each program.
inline constexpr std::array<Metric, 3> kBaselineMetrics = {Metric::peak, Metric::live_at_end,
                                                           Metric::allocations};

}  // namespace heapdrift::model
