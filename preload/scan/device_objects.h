// Memory of CUDA's driver as a scan sees it: found by the addresses in it, or by its handle.
//
// Programs find it by words of host memory alone, as they find blocks, but that a word may point
// anywhere in it: pieces of a device's memory are handed on without their beginnings, and the host
// has no use for what lies there. Nothing is searched in it. Pinned and managed memory, which the
// host can read, is searched with all other mappings, whether something leads to it or not.
#pragma once

#include <cstdint>

#include "preload/scan/array.h"
#include "preload/scan/block_index.h"
#include "preload/scan/memory_map.h"

namespace heapdrift::scan {

struct DeviceObject {
    uint64_t start;  // an address, or a handle
    uint64_t end;    // words in [start, end) lead to it
    uint64_t bytes;
    uint64_t handle;  // of a range that a handle's memory is mapped to, else 0
    uint32_t site;    // 0 of such a range, which is no object of its own
    Mark mark;
};

class DeviceObjects {
public:
    // False without memory. For the copy of a process whose table of objects was held meanwhile.
    bool fill(MemoryMap& map);

    // A word of host memory that is not the driver's: what it leads to, if anything, is marked so,
    // unless it is marked already.
    void follow(uint64_t word, Mark mark) {
        if (word - lowest_ < highest_ - lowest_) follow_slow(word, mark);
    }
    // When all host memory was searched: a handle whose memory is mapped where something leads to
    // is as good as that. What has no mark then was led to by nothing.
    void settle();

    const Array<DeviceObject>& objects() const { return objects_; }
    bool overlaps(uint64_t start, uint64_t end) const;
    // Some of it is host memory that is not in the copy, and may hold pointers.
    bool unseen() const { return unseen_; }
    uint64_t bytes() const { return objects_.bytes(); }

private:
    static constexpr uint64_t kNone = ~uint64_t{0};
    void follow_slow(uint64_t word, Mark mark);
    // The one that the word leads to.
    uint64_t find(uint64_t word) const;

    Array<DeviceObject> objects_;  // ascending, and apart from each other
    // Both 0 where there is none.
    uint64_t lowest_ = 0;
    uint64_t highest_ = 0;
    bool unseen_ = false;
};

}  // namespace heapdrift::scan
