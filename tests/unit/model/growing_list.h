// Histories of sites that grow by as much in each interval, for tests of scores.
#pragma once

#include <algorithm>
#include <cstdint>

#include "analyzer/model/leak_score.h"
#include "analyzer/model/site_history.h"

namespace heapdrift::model {

inline History history_of(size_t points, double seconds_between = 0.5) {
    History history;
    for (uint32_t i = 0; i < points; ++i)
        history.points.push_back(
            {.snapshot = i + 1, .generation = i + 1, .seconds = seconds_between * (i + 1)});
    return history;
}

inline SiteHistory list_growing_by(double each, size_t points, double bytes = 100) {
    SiteHistory site;
    for (size_t i = 0; i < points; ++i) {
        const double blocks = each * static_cast<double>(i + 1);
        site.allocations.push_back(blocks);
        site.deallocations.push_back(0);
        site.allocated_bytes.push_back(bytes * blocks);
        site.deallocated_bytes.push_back(0);
    }
    return site;
}

inline bool has(const LeakScore& score, const char* name) {
    return std::ranges::find(score.evidence, name, &Evidence::name) != score.evidence.end();
}

}  // namespace heapdrift::model
