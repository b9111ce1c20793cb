// A site's history at points that are one unit of time and work apart, made from the counts of each
// interval.
#pragma once

#include <cstdint>

#include "analyzer/model/survivors.h"

namespace heapdrift::model {

class EvenHistory {
public:
    // Of blocks born in one interval and freed in a later one; counted in `freed` of the latter.
    void add_aged(uint32_t born, uint32_t freed, double blocks) {
        history_.aged.push_back({born, freed, blocks, kBytes * blocks});
    }
    // The next point, after so many allocations and deallocations more.
    void add_point(double allocated, double freed) {
        allocated_ += allocated;
        freed_ += freed;
        history_.allocations.push_back(allocated_);
        history_.deallocations.push_back(freed_);
        history_.allocated_bytes.push_back(kBytes * allocated_);
        history_.deallocated_bytes.push_back(kBytes * freed_);
        timing_.time.push_back(static_cast<double>(history_.allocations.size()));
        timing_.work = timing_.time;
    }
    Survivors survivors() const { return Survivors(history_, timing_); }

private:
    static constexpr double kBytes = 64;  // of each block

    SiteHistory history_;
    Timing timing_;
    double allocated_ = 0;
    double freed_ = 0;
};

}  // namespace heapdrift::model
