// What scans of a process said of its live blocks: which of them a chain of pointers still leads
// to. core/session_format.h (Reach) has the kinds in words.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "core/session_format.h"

namespace heapdrift::model {

struct BlockCount {
    uint64_t blocks = 0;
    uint64_t bytes = 0;

    BlockCount& operator+=(const BlockCount& other) {
        blocks += other.blocks;
        bytes += other.bytes;
        return *this;
    }
    bool operator==(const BlockCount&) const = default;
};

// Of a site, a row or all sites: live blocks at the time of the scan, by Reach.
struct Reachability {
    std::array<BlockCount, kReachKinds> kinds{};

    BlockCount& of(Reach kind) { return kinds[static_cast<size_t>(kind)]; }
    const BlockCount& of(Reach kind) const { return kinds[static_cast<size_t>(kind)]; }
    // What is lost beyond doubt.
    BlockCount lost() const {
        BlockCount sum = of(Reach::direct);
        return sum += of(Reach::indirect);
    }
    Reachability& operator+=(const Reachability& other) {
        for (size_t i = 0; i < kReachKinds; ++i) kinds[i] += other.kinds[i];
        return *this;
    }
    bool operator==(const Reachability&) const = default;
};

// The names of the kinds in machine output.
constexpr const char* reach_name(Reach kind) {
    constexpr const char* kNames[kReachKinds] = {"direct", "indirect", "possible", "reachable"};
    return kNames[static_cast<size_t>(kind)];
}

// The last scan that came to a result. Per site it is in Figures::reach.
struct Scan {
    uint32_t number = 0;
    ScanOccasion occasion = ScanOccasion::exit;
    double seconds = 0;      // since recording began: the state that it speaks of
    bool confirmed = false;  // lost in two scans, or nothing could change in between
    // Not all live blocks were known, so memory between them was searched too: blocks that are
    // lost may not have been found.
    bool gaps = false;
    // What would be lost is counted as possible, since not all memory and registers were seen.
    bool uncertain = false;
    // The allocator is not glibc's, and its own tables, with stale pointers to blocks, were
    // searched too: few lost blocks are found.
    bool other_allocator = false;
    uint32_t threads = 0;          // besides the one that began the scan
    uint32_t unknown_threads = 0;  // whose registers were not seen
    double held_seconds = 0;       // for which that one was held
    double scan_seconds = 0;
    uint64_t memory_bytes = 0;  // that the scan took
    uint64_t root_bytes = 0;
    uint64_t block_bytes = 0;
    uint64_t skipped_bytes = 0;
    uint64_t skipped_blocks = 0;
    Reachability totals;
};

}  // namespace heapdrift::model
