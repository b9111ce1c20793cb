// The segments of the session file that a scan writes its result into. Two sets: a reader finds the
// last result while the next is written. For one thread at a time.
#pragma once

#include <cstdint>

#include "core/scan_results.h"

namespace heapdrift::scan {

class ResultSegments {
public:
    // Makes the set large enough for the sites that there are. False without space.
    bool reserve();
    ScanSegment** first() const { return sets_[next_].segments; }
    uint32_t count() const { return sets_[next_].count; }
    // These hold a result from now on: the next one goes to the others.
    void take_others_next() { next_ = 1 - next_; }
    // In a fork child, whose file has none.
    void forget() {
        for (Set& set : sets_) set.count = 0;
    }

private:
    struct Set {
        ScanSegment** segments = nullptr;
        uint32_t count = 0;
    };
    Set sets_[2] = {};
    uint32_t next_ = 0;
};

}  // namespace heapdrift::scan
