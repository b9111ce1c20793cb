#include "preload/scan/block_index.h"

#include "preload/sampler.h"
#include "preload/scan/glibc_heap.h"

namespace heapdrift::scan {

bool BlockIndex::fill(const BlockTable& table, MemoryMap& map, bool glibc) {
    constexpr size_t kRootBytes = sizeof(uint32_t*) << (47 - kRootShift);
    root_ = static_cast<uint32_t**>(map_pages(kRootBytes));
    if (root_ == nullptr) return false;
    // Row 0 is none, so that 0 can mean that a region holds nothing.
    for (uint32_t i = 0; i < 1u << kGranulesBits; ++i)
        if (!granules_.add(0)) return false;
    bool good = true;
    uint64_t known = 0;  // the last block that was found
    table.for_each([&](uint64_t address, const BlockRecord& record) {
        if (!good || record.site == kWatchOnly) return;
        const uint64_t start = glibc ? find_block_start(address, record.size, known, map) : address;
        if (start == 0 || !map.is_readable(start, start + 1)) {
            ++skipped_;
            return;
        }
        if (!map.is_readable(start, start + record.size)) patchy_.add(start);
        known = start;
        good = blocks_.add(Block(start, record.size, raw(record.site)));
        if (!good) return;
        if (lowest_ == 0 || start < lowest_) lowest_ = start;
        if (start + record.size > highest_) highest_ = start + record.size;
    });
    for (uint32_t i = 0; good && i < blocks_.count(); ++i) good = add_to_regions(i);
    return good && blocks_.count() < kWhole;
}

// nullptr without memory.
uint32_t* BlockIndex::region_of(uint64_t address) {
    uint32_t*& middle = root_[address >> kRootShift];
    if (middle == nullptr) {
        constexpr size_t kBytes = sizeof(uint32_t) << kMiddleBits;
        middle = static_cast<uint32_t*>(map_pages(kBytes));
        if (middle == nullptr) return nullptr;
        middle_bytes_ += kBytes;
    }
    return &middle[address >> kRegionBits & ((1u << kMiddleBits) - 1)];
}

// Blocks come in the order of their addresses, so a granule that has no block yet gets this one.
bool BlockIndex::add_to_regions(uint32_t number) {
    const Block& block = blocks_[number];
    const uint64_t last = block.end();
    for (uint64_t region = block.start() >> kRegionBits; region <= last >> kRegionBits; ++region) {
        uint32_t* entry = region_of(region << kRegionBits);
        if (entry == nullptr) return false;
        const uint64_t start = region << kRegionBits;
        const uint64_t end = start + (uint64_t{1} << kRegionBits);
        if (*entry == 0 && block.start() <= start && last >= end) {
            *entry = kWhole | number;
            continue;
        }
        if (*entry == 0 || (*entry & kWhole) != 0) {
            const uint64_t row = granules_.count() >> kGranulesBits;
            const uint32_t before = *entry == 0 ? kNone : *entry & ~kWhole;
            for (uint32_t i = 0; i < 1u << kGranulesBits; ++i)
                if (!granules_.add(before)) return false;
            *entry = static_cast<uint32_t>(row);
        }
        uint32_t* row = &granules_[uint64_t{*entry} << kGranulesBits];
        const uint64_t from = block.start() > start ? block.start() - start : 0;
        const uint64_t to = last < end ? last - start : end - 1 - start;
        for (uint64_t i = from >> kGranuleBits; i <= to >> kGranuleBits; ++i)
            if (row[i] == kNone) row[i] = number;
    }
    return true;
}

uint64_t BlockIndex::first_from(uint64_t address) const {
    uint64_t low = 0;
    uint64_t high = blocks_.count();
    while (low < high) {
        const uint64_t middle = (low + high) / 2;
        if (blocks_[middle].start() < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

}  // namespace heapdrift::scan
