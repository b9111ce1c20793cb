// A figure of several runs beside that of several earlier ones: has it changed, or is it noise?
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "analyzer/model/gate/amount.h"

namespace heapdrift::model {

// Beyond these the test is no sharper, and exact probabilities cost more.
inline constexpr size_t kMostRunsCompared = 20;

enum class Change {
    none,   // equal
    noise,  // not told apart from chance: "~"
    lower,
    higher,
};

struct RunComparison {
    double before = 0;  // medians
    double after = 0;
    Change change = Change::none;
    // Of Mann's and Whitney's test, two-sided; nothing where there are too few runs for it.
    std::optional<double> p;

    double difference() const { return after - before; }
};

// With four runs or more on both sides by Mann's and Whitney's test, at 0.05, as benchstat does;
// with fewer, and more than one somewhere, what lies among the other side's values is noise.
RunComparison compare_runs(std::span<const uint64_t> before, std::span<const uint64_t> after);

// Two-sided probability, exact also where values are equal, of as great a difference of the rank
// sums by chance. At most kMostRunsCompared values a side.
double mann_whitney(std::span<const uint64_t> a, std::span<const uint64_t> b);

}  // namespace heapdrift::model
