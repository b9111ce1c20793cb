// The segments that a session file is made of.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/shared.h"

namespace heapdrift {

inline constexpr size_t kPageSize = 4096;
inline constexpr size_t kSegmentSize = 64 * 1024;

// Everything behind the header is segments. Of each kind they are numbered 0, 1, …, and hold the
// records in order: record i of a kind is number i % N in segment i / N.
enum class SegmentKind : uint32_t {
    unused = 0,  // space taken, nothing in it
    nodes = 1,
    sites = 2,
    modules = 3,
    threads = 4,
    pages = 5,    // counters and undo entries, in pages
    symbols = 6,  // written by the analyzer when recording has ended: analyzer/symbolize
    scan = 7,     // what a scan found; see ScanSegment
    cuda_events = 8,
};

struct SegmentHeader {
    Shared<SegmentKind> kind;  // written last
    uint32_t ordinal;
    uint8_t reserved[56];
};
static_assert(sizeof(SegmentHeader) == 64);

template <typename Record>
inline constexpr uint32_t kPerSegment = (kSegmentSize - sizeof(SegmentHeader)) / sizeof(Record);

template <typename Record>
struct Segment {
    SegmentHeader header;
    Record records[kPerSegment<Record>];
};

}  // namespace heapdrift
