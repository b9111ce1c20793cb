// What the processes of one or several runs are found to have done, before anything is judged.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "analyzer/model/gate/budget.h"
#include "analyzer/model/gate/leak_identity.h"
#include "analyzer/model/leak_score.h"
#include "analyzer/model/suppression.h"

namespace heapdrift::model {

// The sites of a process that have one identity.
struct FoundLeak {
    LeakIdentity identity;
    // Of blocks that the scan at exit found lost: a proof, and the same in every run. Direct and
    // indirect ones alike, for of a circle of blocks chance says which is which.
    uint64_t lost_blocks = 0;
    uint64_t lost_bytes = 0;
    uint64_t direct_blocks = 0;
    // Of growth: a score, which hangs on when snapshots were taken.
    double growth_score = 0;
    uint64_t live_blocks = 0;
    uint64_t live_bytes = 0;
    Slope bytes_per_second;
    std::string reading;
    std::vector<Frame> frames;
    std::string suppressed_by;  // the rule; "" of none

    LeakKind kind() const {
        if (lost_blocks == 0) return LeakKind::growth;
        return growth_score > 0 ? LeakKind::lost_and_growth : LeakKind::lost;
    }
};

struct FoundProcess {
    size_t run = 0;
    std::string program;
    uint32_t pid = 0;
    std::string path;  // of its recording
    double seconds = 0;
    size_t snapshots = 0;          // that growth was judged by
    bool long_enough = true;       // kEnoughSeconds, or by operations
    bool went_on = false;          // as another program, by exec
    std::string not_scanned;       // why lost blocks are not known; "" where they are
    uint64_t dropped = 0;          // allocations
    std::vector<FoundLeak> leaks;  // by identity
    std::vector<Measure> budgets;  // of each budget; empty `value` and `unknown`: not of this one
    std::map<Metric, uint64_t> figures;  // kBaselineMetrics

    bool scanned() const { return not_scanned.empty(); }
    bool growth_judged() const { return snapshots >= kEnoughSnapshots && long_enough; }
};

// Lost blocks of all sites, as a scan that can be relied on found them.
void find_lost(const Profile& end, FoundProcess& process);
// Sites with a growth score of at least kLikelyScore. The profile is that of the history.
void find_growth(const Profile& profile, const History& history, FoundProcess& process);

}  // namespace heapdrift::model
