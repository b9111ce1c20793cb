// The sites of a program that leak, in order, with what one site's score says of another.
//
// Where more than 20 sites grow alike, the doubt in each grows with the root of their number, and
// with 40 none is more than likely by growth. What PyTorch takes from the driver for tensors that
// grow is their consequence, and no leak.
#pragma once

#include <vector>

#include "analyzer/model/leak_score.h"
#include "analyzer/model/site_history.h"

namespace heapdrift::model {

// Those at or above the least score: the most sure first, then the fastest, then the greatest.
std::vector<LeakScore> rank_leaks(const History& history, double least_score);

}  // namespace heapdrift::model
