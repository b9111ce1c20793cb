// The live blocks as a scan sees them: sorted by address, and found by any address in them.
#pragma once

#include <cstdint>

#include "core/session_format.h"
#include "preload/block_table.h"
#include "preload/scan/array.h"
#include "preload/scan/memory_map.h"

namespace heapdrift::scan {

// What is known of a block so far. The order of the first three is how a flood raises them.
enum class Mark : uint8_t {
    none = 0,
    seed = 1,
    possible = 2,
    reachable = 3,
    direct = 4,
    indirect = 5
};

// 16 bytes, since there may be ten million. Addresses are multiples of 16 below 2^47: the low four
// bits are the mark, the high 17 the size's high part.
class Block {
public:
    Block() = default;
    Block(uint64_t address, uint64_t size, uint32_t site)
        : word_(address | size >> 32 << 47), size_(static_cast<uint32_t>(size)), site_(site) {}
    uint64_t start() const { return word_ & ((uint64_t{1} << 47) - 16); }
    uint64_t size() const { return word_ >> 47 << 32 | size_; }
    uint64_t end() const { return start() + size(); }
    uint32_t site() const { return site_; }
    Mark mark() const { return static_cast<Mark>(word_ & 15); }
    void set_mark(Mark mark) { word_ = (word_ & ~uint64_t{15}) | static_cast<uint64_t>(mark); }

private:
    uint64_t word_;
    uint32_t size_;
    uint32_t site_;
};
static_assert(sizeof(Block) == 16);

class BlockIndex {
public:
    // Only blocks whose memory is in the map, so that it can be read. False without memory.
    bool fill(const BlockTable& table, MemoryMap& map, bool glibc);

    static constexpr uint32_t kNone = ~uint32_t{0};
    // The block whose memory, or whose end, `address` is in.
    uint32_t find(uint64_t address) const {
        if (address - lowest_ > highest_ - lowest_) return kNone;
        const uint32_t* const middle = root_[address >> kRootShift];
        if (middle == nullptr) return kNone;
        const uint32_t entry = middle[address >> kRegionBits & ((1u << kMiddleBits) - 1)];
        if (entry == 0) return kNone;
        uint32_t at = (entry & kWhole) != 0
                          ? entry & ~kWhole
                          : granules_[(uint64_t{entry} << kGranulesBits) +
                                      (address >> kGranuleBits & ((1u << kGranulesBits) - 1))];
        uint32_t found = kNone;
        for (; at < blocks_.count() && blocks_[at].start() <= address; ++at)
            if (address <= blocks_[at].end()) found = at;
        return found;
    }
    // The first block that begins at or behind an address.
    uint64_t first_from(uint64_t address) const;

    Array<Block>& blocks() { return blocks_; }
    const Array<Block>& blocks() const { return blocks_; }
    // Whether part of the block's memory cannot be read: a guard page of a stack, perhaps.
    bool is_patchy(const Block& block) const {
        for (const uint64_t start : patchy_)
            if (start == block.start()) return true;
        return false;
    }
    // Left out: their memory is not in this process, or it is not clear where they begin.
    uint64_t skipped() const { return skipped_; }
    uint64_t bytes() const { return blocks_.bytes() + granules_.bytes() + middle_bytes_; }

private:
    // An address's region of 2 MiB has a number of its own, by two steps: either of a row of
    // granules of 256 bytes, each with the first block that ends in it or behind it, or, inside a
    // large block, of that block.
    static constexpr uint32_t kGranuleBits = 8;
    static constexpr uint32_t kRegionBits = 21;
    static constexpr uint32_t kGranulesBits = kRegionBits - kGranuleBits;
    static constexpr uint32_t kMiddleBits = 13;
    static constexpr uint32_t kRootShift = kRegionBits + kMiddleBits;
    static constexpr uint32_t kWhole = 1u << 31;

    bool add_to_regions(uint32_t number);
    uint32_t* region_of(uint64_t address);

    Array<Block> blocks_;
    Array<uint32_t> granules_;
    Array<uint64_t> patchy_;  // where such blocks begin
    uint32_t** root_ = nullptr;
    // Both 0 without any block: then no word is taken for a pointer but 0, which leads nowhere.
    uint64_t lowest_ = 0;
    uint64_t highest_ = 0;
    uint64_t skipped_ = 0;
    uint64_t middle_bytes_ = 0;
};

}  // namespace heapdrift::scan
