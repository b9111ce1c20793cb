// Whether what stays is born no more often than new maxima come of a load that remains the same.
//
// A pool that reuses its objects makes one when all are taken, so it has as many as were ever in
// use at once: most of them from the start, then ever fewer, but never none for good. A buffer for
// the longest line so far does the same. Of n stretches of a steady load, whatever its
// distribution, the last has the maximum of all with the probability 1 / n. So the stretches with
// births are counted, and how likely records make as many is known.
//
// Where more is born after the first tenth of the run than in it, records are no explanation: even
// a load whose highest values are exponentially rare seldom doubles its maximum in the rest. A leak
// without a set-up of its own has nine times as much there.
#pragma once

#include <span>

#include "analyzer/model/births.h"

namespace heapdrift::model {

// How likely births are in as many stretches, were they records; 0 where they cannot be.
// births: in all intervals from the start of the run on. Where the load stays high for longer than
// an interval its records lie side by side, and are one: the greatest likelihood of several lengths
// of stretches counts.
double likelihood_of_records(std::span<const Births> births);

// What is left of certainty that something goes on: half where records make as much in one of
// twenty runs.
double no_records(double likelihood);

}  // namespace heapdrift::model
