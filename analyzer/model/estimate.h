// How far an estimate of a sampled session may lie from the truth.
//
// A recorded block of s bytes stands for 1/p blocks, p = 1 - exp(-s/R), and adds s^2 (1-p) / p^2 to
// the variance of the sum of bytes. Variances add, over blocks as over sites.
//
// The interval does not lie evenly around the estimate. What is uncertain comes from blocks that
// are small against R, each of which adds R to the bytes and R^2 to the variance: their number is
// Poisson, about V / R^2 = k. So the interval is that of a Poisson number by its score test,
// k + z^2/2 -+ z sqrt(k + z^2/4), in units of R. Where k is large that is 1.96 standard errors;
// where nothing was sampled it says that up to 3.84 R may be there unseen. Blocks that are large
// against R are known exactly and leave the interval as it is.
#pragma once

#include <cstdint>
#include <optional>

#include "analyzer/model/aggregate.h"
#include "analyzer/model/diff.h"

namespace heapdrift::model {

// Of 95 %, in bytes or allocations.
struct Interval {
    double standard_error = 0;
    double low = 0;
    double high = 0;
};

// Nothing where the figures are exact, and of columns that are not known in sampled mode. The error
// of a count is approximate: that of the bytes, divided by the mean size of a block. It is exact
// where all blocks have one size, and not known where there are no bytes.
std::optional<Interval> interval_of(const Figures& figures, Column column);

// Of the change. Variances add. Between two snapshots of one session that is an upper bound: what
// is live in both is in both alike.
std::optional<Interval> interval_of_change(const DiffRow& row, Column column);
std::optional<Interval> interval_of_change(const Figures& old_figures, const Figures& new_figures,
                                           Column column);

// Whether sampled mode knows the column at all.
constexpr bool known_by_sampling(Column column) {
    return column != Column::temporary && column != Column::reallocations;
}

}  // namespace heapdrift::model
