// The rows of a report: sites grouped, summed and sorted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/model/place.h"

namespace heapdrift::model {

// Columns that rows can be sorted by, in the words of the machine output.
enum class Column {
    live_bytes,
    live_allocations,
    allocations,
    allocated_bytes,
    deallocations,
    temporary,
    reallocations,
    peak_live_bytes,
};
inline constexpr std::array<const char*, 8> kColumnNames = {
    "live_bytes",    "live_allocations", "allocations",   "allocated_bytes",
    "deallocations", "temporary",        "reallocations", "peak_live_bytes"};
uint64_t value(const Figures& figures, Column column);

struct Row {
    std::string key;  // what it was grouped by; "" of a traceback, which `site` stands for
    Figures figures;
    uint64_t sites = 0;            // how many were summed
    uint32_t site = 0;             // by traceback: index into Profile::sites
    Domain domain = Domain::heap;  // by traceback and by domain
};

struct Grouping {
    GroupBy group_by = GroupBy::traceback;
    // Every place on a stack gets the stack's figures, once however often it occurs there.
    bool cumulative = false;
};

// By thread: allocations only, never live bytes, for the table of a thread that ended is handed
// on. Domains that are no part of totals have rows too, but for a grouping by place they would
// be added to heap memory: there they are left out unless they are all there is.
std::vector<Row> aggregate(const Profile& profile, const Grouping& grouping);

// Descending by column, then size, count and key, as tracemalloc does.
void sort_rows(std::vector<Row>& rows, Column column);

// Throws UsageFailure for what tracemalloc refuses too: cumulative by traceback.
void check(const Grouping& grouping);

}  // namespace heapdrift::model
