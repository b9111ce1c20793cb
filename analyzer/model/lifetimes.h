// How long the blocks of a site live, and how old those are that are live.
#pragma once

#include <array>
#include <cstddef>

#include "analyzer/model/survivors.h"

namespace heapdrift::model {

// Ages are in intervals of mean length, and are the least that a block can have had: one that was
// born and freed in the same interval has 0.
struct Lifetimes {
    static constexpr size_t kQuarters = 4;

    double freed = 0;    // blocks
    double half = 0;     // the age that half of them did not outlive
    double most = 0;     // and 95 %
    double longest = 0;  // and all
    // Live at the last snapshot, by the quarter of the run that they were born in.
    std::array<double, kQuarters> born{};
};

Lifetimes lifetimes_of(const Survivors& survivors);

}  // namespace heapdrift::model
