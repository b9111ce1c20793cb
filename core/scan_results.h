// What scans found, as it lies in a session file: how live blocks can be reached, by site.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/session_segments.h"
#include "core/shared.h"

namespace heapdrift {

// Why a scan has no result. Names for users are in scan_obstacle_text.
enum class ScanObstacle : uint32_t {
    none = 0,
    sampled = 1,   // most blocks are not known
    forked = 2,    // the parent's blocks are not known
    confined = 3,  // no system calls are made any more
    memory = 4,    // the copy of the process might not fit
    copy = 5,      // the kernel refused to copy the process
    file = 6,      // no space for the result in the session file
    ended = 7,     // the copy was killed, or needed too long
    own_memory = 8,
};

constexpr const char* scan_obstacle_text(ScanObstacle obstacle) {
    constexpr const char* kTexts[] = {
        "none",
        "in sampled mode most blocks are not known",
        "the process was forked, and the blocks of its parent are not known",
        "the program confined itself with seccomp",
        "memory is short: a copy of the process might not fit",
        "the kernel did not allow a copy of the process",
        "the session file has no space for the result",
        "the copy of the process was killed, or needed too long",
        "the recorder has more memory of its own than it keeps account of"};
    const auto index = static_cast<uint32_t>(obstacle);
    return index < sizeof(kTexts) / sizeof(*kTexts) ? kTexts[index] : "unknown";
}

// What became of a live block, as memcheck names it. Memory of CUDA's driver is found by pointers,
// or handles, in host memory, wherever they point in it; whether the devices' own memory holds any
// is not known, so there direct means no more than that the host has none.
enum class Reach : uint32_t {
    direct = 0,     // lost: nothing leads to it, but perhaps other lost blocks in a circle
    indirect = 1,   // lost: only lost blocks lead to it
    possible = 2,   // only pointers into its middle or to its end lead to it, or it is not certain
    reachable = 3,  // a chain of pointers to beginnings of blocks leads to it
};
inline constexpr size_t kReachKinds = 4;

enum class ScanOccasion : uint32_t { exit = 0, requested = 1 };
enum class ScanState : uint32_t { empty = 0, writing = 1, complete = 2 };

// Blocks are counted as lost that were so in two scans, or nothing could change meanwhile.
inline constexpr uint32_t kScanConfirmed = 1;
// Not all live blocks were known: what lies between known ones was searched for pointers too.
inline constexpr uint32_t kScanGaps = 2;
// Registers of some threads were not to be had, or memory was kept from the copy (MADV_DONTFORK):
// what would be lost is counted as possible.
inline constexpr uint32_t kScanUncertain = 4;
// The allocator is not glibc's, and its own tables were searched too.
inline constexpr uint32_t kScanOtherAllocator = 8;
// Memory of CUDA's driver was looked for too: domain_scanned says which.
inline constexpr uint32_t kScanDevices = 16;
// Host memory of the driver's was not in the copy, and may hold pointers to such memory: what would
// be lost of it is counted as possible.
inline constexpr uint32_t kScanDevicesUnseen = 32;

struct ScanCounts {
    uint64_t blocks;
    uint64_t bytes;
};

// At the head of each segment of a scan's result; all but part and rows are the same in each.
struct ScanDescriptor {
    Shared<ScanState> state;  // written last
    uint32_t number;          // scan_requested of its request; scans at exit count on
    uint32_t part;
    uint32_t parts;
    uint32_t rows;  // in this segment
    ScanOccasion occasion;
    uint32_t flags;
    uint32_t threads;          // other threads than the one that began the scan
    uint32_t unknown_threads;  // those whose registers were not to be had
    uint32_t reserved0;
    uint64_t time_ns;         // since start: when the copy was made
    uint64_t held_ns;         // for how long the thread that began the scan was held, at most
    uint64_t scan_ns;         // how long the copy worked
    uint64_t memory_bytes;    // that the copy mapped for its work
    uint64_t root_bytes;      // searched outside blocks
    uint64_t block_bytes;     // searched in blocks
    uint64_t skipped_bytes;   // of devices, and what could not be read
    uint64_t skipped_blocks;  // that are not in the copy, or whose beginning was not to be found
    ScanCounts totals[kReachKinds];         // of the heap
    ScanCounts device_totals[kReachKinds];  // of the driver's memory
    uint8_t reserved1[24];
};
static_assert(sizeof(ScanDescriptor) == 256);

struct ScanRow {
    uint32_t site;
    uint32_t reserved;
    ScanCounts kinds[kReachKinds];  // by Reach
};
static_assert(sizeof(ScanRow) == 72);

inline constexpr uint32_t kScanRowsPerSegment =
    (kSegmentSize - sizeof(SegmentHeader) - sizeof(ScanDescriptor)) / sizeof(ScanRow);

// Segments of one scan share its number. A later scan reuses those of one before the last.
struct ScanSegment {
    SegmentHeader header;
    ScanDescriptor scan;
    ScanRow rows[kScanRowsPerSegment];
};
static_assert(sizeof(ScanSegment) <= kSegmentSize);

}  // namespace heapdrift
