// When what stays was born: births of survivors by interval, in work, and whether they end.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace heapdrift::model {

// In one interval.
struct Births {
    double count = 0;
    double begin = 0;  // of the interval, in work
    double end = 0;

    double middle() const { return (begin + end) / 2; }
};

// Births that fall exponentially, as those of a table that fills up.
struct Decline {
    // The factor by which they fell over the intervals given, as far as that is beyond chance, and
    // as far as it surely is.
    double left = 1;
    double surely_left = 1;
    // Their variance about the fall, over their mean; 1 where they come by chance alone.
    double dispersion = 1;
};
Decline fit_decline(std::span<const Births> births);

// How likely the last silence is where births go on: by chance if they came in `intervals`
// intervals of the span before it one by one, or as one of the gaps between phases.
double likelihood_of_silence(double span, double silent, size_t intervals,
                             std::span<const double> gaps);

// What is left of certainty that something goes on: 1 where the silence is likely, and next to
// nothing where it is much less so than one in twenty.
double goes_on(double likelihood);

}  // namespace heapdrift::model
