// Limits that a process must keep, and how what it used is measured.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/model/profile.h"

namespace heapdrift::model {

enum class Metric {
    peak,         // high-water mark of live bytes
    live_at_end,  // live bytes at the last state that was recorded
    allocations,
    leaked,  // bytes that the scan at exit found lost
    growth,  // of live bytes from one labelled snapshot to another
};
inline constexpr std::array<const char*, 5> kMetricNames = {"peak", "live_at_end", "allocations",
                                                            "leaked", "growth"};
inline const char* metric_name(Metric metric) {
    return kMetricNames[static_cast<size_t>(metric)];
}
inline bool counts_bytes(Metric metric) {
    return metric != Metric::allocations;
}

struct Budget {
    std::string name;   // as the user calls it; "" for none
    std::string match;  // programs, as a shell pattern; "" for all
    Metric metric = Metric::peak;
    std::optional<Domain> domain = {};  // nothing: all that totals are made of
    std::string site;  // only sites with a frame that this pattern names, as a suppression's would
    std::string from;  // labels of snapshots, of growth
    std::string to;
    uint64_t limit = 0;
    std::string message;  // shown when the budget is broken
    std::string origin;   // "file:line" or the option
};

// "peak of heap at cache_put", and so on: what is limited.
std::string budget_text(const Budget& budget);
// As a shell's pattern; "" matches all.
bool matches_program(const std::string& pattern, const std::string& program);

struct Measure {
    std::optional<uint64_t> value;
    uint64_t slack = 0;   // the truth may lie so far below
    std::string unknown;  // why there is no value
    // Hangs on when threads ran: another one in the next run.
    bool of_timing = false;
};

// Of any metric but growth.
Measure measure(const Profile& end, const Budget& budget);
// Of growth, at the two snapshots; what shrank counts as 0.
Measure measure_growth(const Profile& from, const Profile& to, const Budget& budget);

// Whether the last scan's verdict on lost blocks can be relied on; "" or why not.
std::string why_not_scanned(const Profile& profile);

}  // namespace heapdrift::model
