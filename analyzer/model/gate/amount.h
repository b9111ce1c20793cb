// Sizes, counts and percentages as users write them in settings and on the command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace heapdrift::model {

// "4096", "100 kB", "1.5MiB"; kB, MB and GB are powers of 1000. Nothing for what is no size.
std::optional<uint64_t> size_from(std::string_view text);

// "10%", "2.5 %". Nothing for anything else.
std::optional<double> percentage_from(std::string_view text);

// "20ms", "1s", "2min", in milliseconds; a bare number is milliseconds. Nothing for anything else.
std::optional<uint64_t> milliseconds_from(std::string_view text);

// How far a figure may lie above another: the larger of a share of it and an amount.
struct Tolerance {
    double percent = 0;
    uint64_t amount = 0;

    double allowed(double above) const {
        const double share = above * percent / 100;
        return share > static_cast<double>(amount) ? share : static_cast<double>(amount);
    }
    bool operator==(const Tolerance&) const = default;
};

}  // namespace heapdrift::model
