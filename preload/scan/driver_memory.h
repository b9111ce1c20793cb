// Host memory of CUDA's driver itself. It keeps books of all that it gave out, by address, so what
// leads to its objects from there says nothing of the program. What leads to blocks counts as
// everywhere: the program may have handed those to the driver.
#pragma once

#include <cstdint>

#include "preload/scan/array.h"
#include "preload/scan/device_objects.h"

namespace heapdrift::scan {

class DriverMemory {
public:
    // False without memory.
    bool find(const DeviceObjects& devices);

    // Blocks that it allocated.
    bool has_blocks_of(uint32_t site) const {
        return site < sites_ && (of_driver_[site / 64] >> site % 64 & 1) != 0;
    }
    // visit(from, to, of_driver) on the parts of a range outside blocks.
    template <typename Visit>
    void for_each_part(uint64_t start, uint64_t end, Visit visit) const {
        for (const Range& range : ranges_) {
            if (range.end <= start) continue;
            if (range.start >= end) break;
            if (range.start > start) visit(start, range.start, false);
            const uint64_t from = range.start > start ? range.start : start;
            start = range.end < end ? range.end : end;
            visit(from, start, true);
        }
        if (start < end) visit(start, end, false);
    }

private:
    struct Range {
        uint64_t start;
        uint64_t end;
    };
    bool is_of_driver(uint32_t site) const;

    Array<Range> ranges_;            // its modules and mappings, ascending
    uint64_t* of_driver_ = nullptr;  // a bit for each site
    uint32_t sites_ = 0;
};

}  // namespace heapdrift::scan
