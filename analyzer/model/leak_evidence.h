// The evidence of a leak score in words.
#pragma once

#include <string>
#include <vector>

#include "analyzer/model/leak_score.h"

namespace heapdrift::model {

std::vector<Evidence> growth_evidence(const Growth& growth);
std::vector<Evidence> block_growth_evidence(const BlockGrowth& growth);
std::vector<Evidence> backlog_evidence(const Backlog& backlog);
// Of a site whose reachability is known.
Evidence reachability_evidence(const SiteHistory& site, double lost_score);
std::string leak_reading(const LeakScore& score, const SiteHistory& site);

}  // namespace heapdrift::model
