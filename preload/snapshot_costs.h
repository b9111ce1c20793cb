// What a snapshot ordinarily costs, as far as the schedule has to spare the program.
#pragma once

#include <cstdint>

namespace heapdrift {

// A thread that has to wait for its turn while it takes a snapshot, on a busy machine or in a
// container whose share of processor time is used up, is held for tenths of a second by others. A
// hundred times that without a snapshot would be most of a run. So the lesser of the last two
// counts: what is costly each time still counts in full.
class SnapshotCosts {
public:
    // In ns.
    uint64_t add(uint64_t cost) {
        const uint64_t ordinary = cost < before_ ? cost : before_;
        before_ = cost;
        return ordinary;
    }

private:
    uint64_t before_ = 0;
};

}  // namespace heapdrift
