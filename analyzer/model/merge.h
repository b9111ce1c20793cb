// Recordings of several processes as one: of a job, of the ranks of a parallel program, of the runs
// of a test suite.
#pragma once

#include <vector>

#include "analyzer/model/profile.h"

namespace heapdrift::model {

// Adds up what each of the profiles holds at its point. Stacks are the same where their frames lie
// at the same offsets of modules of one build; each module gets a place of its own, since one
// process may have had it where another had something else. Of peaks, which are of different
// moments, the highest is kept; snapshots, threads and scans are not. Locations come from the first
// profile that has them. Throws UsageFailure for profiles whose figures cannot be added.
Profile merge(const std::vector<Profile>& profiles);

}  // namespace heapdrift::model
