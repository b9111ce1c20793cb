// What scans of a process said of its live blocks: which of them a chain of pointers still leads
// to. core/scan_results.h (Reach) has the kinds in words.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "core/domain.h"
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

// So many objects of one site, with no pointer to them in host memory, are lost for certain, or as
// good as that. Fewer may be what a kernel or a symbol of a device has the only pointer to: a table
// that is made once and kept.
inline constexpr uint64_t kManyWithoutPointer = 8;

// What a gate may call lost of what a scan found at a site. What only lost blocks of the host lead
// to is lost with them.
inline BlockCount surely_lost(Domain domain, const Reachability& found) {
    if (!domain_of_cuda(domain) || found.of(Reach::direct).blocks >= kManyWithoutPointer)
        return found.lost();
    return found.of(Reach::indirect);
}

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
    Reachability totals;  // of the heap
    // Memory of CUDA's driver was looked for too, in host memory alone.
    bool devices = false;
    // Some of it is host memory that the scan did not see: what would be lost is possible.
    bool devices_unseen = false;
    Reachability device_totals;

    // Whether it says of live memory of this domain what leads to it.
    bool judges(Domain domain) const {
        return domain == Domain::heap || (devices && domain_scanned(domain));
    }
    // Whether what is lost of it is so for certain.
    bool is_certain_of(Domain domain) const {
        return confirmed && !uncertain && (domain == Domain::heap || !devices_unseen);
    }
};

}  // namespace heapdrift::model
