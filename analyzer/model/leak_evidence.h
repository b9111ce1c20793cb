// The evidence of a leak score in words.
#pragma once

#include <string>
#include <vector>

#include "analyzer/model/leak_score.h"

namespace heapdrift::model {

std::vector<Evidence> growth_evidence(const Growth& growth);
std::vector<Evidence> block_growth_evidence(const BlockGrowth& growth);
std::vector<Evidence> backlog_evidence(const Backlog& backlog);
Evidence reachability_evidence(const ReachSign& sign, double lost_score);
std::string leak_reading(const LeakScore& score, const SiteSigns& signs);

}  // namespace heapdrift::model
