// Address of a live block -> (site, requested size, birth generation).
//
// Address-indexed and without locks or atomic read-modify-writes: the allocator guarantees that a
// block has one owner, so whoever allocates or frees it is the only one to touch its slots.
//
// One 4-byte slot for each kSlotBytes of address space: 32 where two blocks are never closer
// (glibc), else 16. A block's record starts in the slot of its address:
//
//   short  1 slot   |bit 0: 1|size 6|generation 10|site 15|
//   wide   head          |bits 0-1: 10|in plane B 1|watched 1|huge 1|0|site 26|
//          continuation  |bits 0-1: 00|generation 10|low 20 bits of the size|
//          if huge       |bits 0-1: 00|high 30 bits of the size|
//
// The continuation lies in the next slot where the block covers that too, for then no other block
// can start in it; otherwise at the head's place in plane B, a second array of slots that is
// mapped where it is needed. A huge block (1 MiB and more) covers the slot for the third word
// anyway. So every record fits, and a heap of few sites costs 4 bytes a block.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/ids.h"

namespace heapdrift {

struct BlockRecord {
    SiteId site{0};  // 0: no record
    uint32_t generation = 0;
    uint64_t size = 0;     // requested
    bool watched = false;  // the loader's description of a module: see BlockTable::watch
};

class BlockTable {
public:
    enum class Put { done, replaced, failed };

    // spacing: the smallest distance between two blocks of the allocator, 16 or 32.
    void set_spacing(uint64_t spacing) { slot_shift_ = spacing == 32 ? 5 : 4; }

    // Enters a block. replaced: the record of another block stood there and is returned in `old`:
    // that block was freed behind our back. failed: no memory for the table, nothing was entered.
    Put put(uint64_t address, const BlockRecord& record, BlockRecord& old);

    // Removes a block's record and returns it; site 0 when there is none.
    BlockRecord take(uint64_t address);

    // Marks a live block so that take() tells of it. The caller must know that the block is not
    // freed meanwhile. Returns false if there is no such block.
    bool watch(uint64_t address);

    // Table memory that is resident, in bytes. Asks the kernel for each leaf: for rare use.
    uint64_t resident_bytes() const;

    static constexpr uint64_t kHighestAddress = uint64_t{1} << 47;

private:
    using Slot = std::atomic<uint32_t>;

    static constexpr uint32_t kLeafBits = 18;  // 1 MiB of slots: mlockall fills what is mapped
    static constexpr uint32_t kMidBits = 12;
    static constexpr uint32_t kRootSize = 1u << (47 - 4 - kLeafBits - kMidBits);

    struct Planes {
        std::atomic<Slot*> a;
        std::atomic<Slot*> b;
    };
    struct Place {
        Planes* planes = nullptr;
        uint32_t index = 0;
    };

    Place find(uint64_t address) const;
    Place find_or_map(uint64_t address);
    Slot* map_plane(std::atomic<Slot*>& plane);
    bool covers_next_slot(uint64_t address, uint64_t size) const;
    bool write_wide(const Place& place, uint64_t address, const BlockRecord& record);
    BlockRecord remove(const Place& place);

    uint32_t slot_shift_ = 5;
    std::atomic<Planes*> root_[kRootSize] = {};
};

}  // namespace heapdrift
