// The counters of a session file, and what is kept of their earlier values, in pages.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/session_segments.h"
#include "core/shared.h"

namespace heapdrift {

// live = allocations - deallocations, summed over all tables: a table alone can be negative, for
// the thread that frees counts in its own.
//
// In sampled mode (core/README.md) allocations and deallocations are in 1/kSampledCountUnit, bytes
// are estimates, and the last two hold variances.
inline constexpr uint64_t kSampledCountUnit = 256;

struct Counters {
    uint64_t allocations;
    uint64_t allocated_bytes;  // as requested
    uint64_t deallocations;
    uint64_t deallocated_bytes;
    uint64_t temporary;      // freed before the thread's next allocation
    uint64_t reallocations;  // allocations that realloc made from an earlier block
};
static_assert(sizeof(Counters) == 48);

// The counters of one site in one table. One writer. A snapshot costs nothing when it is taken:
// it only opens an epoch. A thread that finds a cell with an older epoch first appends the cell's
// values to its undo log, then stamps the cell, then counts. So the value of a cell at snapshot S
// is that of the undo entry with since < S <= until, if there is one, and the cell's own otherwise.
struct alignas(64) Cell {
    Shared<uint64_t> allocations;
    Shared<uint64_t> allocated_bytes;
    Shared<uint64_t> deallocations;
    Shared<uint64_t> deallocated_bytes;
    Shared<uint64_t> temporary;
    Shared<uint64_t> reallocations;
    Shared<uint32_t> epoch;
    uint32_t latest_aged;  // the recorder's own: see AgedDeallocations.earlier
    uint64_t stack_check;  // the recorder's own: half of the hash of the site's stack, or 0
};
static_assert(sizeof(Cell) == 64);

// What an undo entry says: the cell's epoch before and now, so that the values hold for snapshots
// in (since, until].
struct EarlierValues {
    uint32_t since;
    uint32_t until;
    uint32_t site;
    Counters values;
};

// Undo entries have three sizes; each one that fits is right, and the recorder takes the smallest.
// Where 10^5 sites change between two snapshots, most of them have counted little.
//
// The smaller ones have the site and until - since in one word.
struct SiteAndSpan {
    static constexpr uint32_t kSiteBits = 24;
    static constexpr uint32_t kSiteMask = (1u << kSiteBits) - 1;

    static bool fits(const EarlierValues& earlier) {
        return (earlier.site >> kSiteBits | (earlier.until - earlier.since) >> 8) == 0;
    }
    static uint32_t pack(const EarlierValues& earlier) {
        return earlier.site | (earlier.until - earlier.since) << kSiteBits;
    }
    static uint32_t since(uint32_t packed, uint32_t until) { return until - (packed >> kSiteBits); }
    static uint32_t site(uint32_t packed) { return packed & kSiteMask; }
};

struct SmallUndoEntry {
    Shared<uint32_t> until;  // written last; 0 while the entry is empty or being reused
    uint32_t site_and_span;
    // From bit 0: allocations 10, deallocations 10, their bytes 18 each, temporary 6,
    // reallocations 2.
    uint64_t counters;

    static bool fits(const EarlierValues& earlier) {
        const Counters& values = earlier.values;
        return SiteAndSpan::fits(earlier) &&
               ((values.allocations | values.deallocations) >> 10 |
                (values.allocated_bytes | values.deallocated_bytes) >> 18 | values.temporary >> 6 |
                values.reallocations >> 2) == 0;
    }
    // All but until, of what fits.
    void write(const EarlierValues& earlier) {
        const Counters& values = earlier.values;
        site_and_span = SiteAndSpan::pack(earlier);
        counters = values.allocations | values.deallocations << 10 | values.allocated_bytes << 20 |
                   values.deallocated_bytes << 38 | values.temporary << 56 |
                   values.reallocations << 62;
    }
    // The entry's `until` is given: it may change meanwhile.
    uint32_t since(uint32_t until_then) const {
        return SiteAndSpan::since(site_and_span, until_then);
    }
    EarlierValues read(uint32_t until_then) const {
        const uint64_t packed = counters;
        const auto bits = [packed](uint32_t from, uint32_t count) {
            return packed >> from & ((uint64_t{1} << count) - 1);
        };
        return {since(until_then),
                until_then,
                SiteAndSpan::site(site_and_span),
                {bits(0, 10), bits(20, 18), bits(10, 10), bits(38, 18), bits(56, 6), bits(62, 2)}};
    }
};
static_assert(sizeof(SmallUndoEntry) == 16);

struct MediumUndoEntry {
    Shared<uint32_t> until;  // this and the functions: as in SmallUndoEntry
    uint32_t site_and_span;
    uint32_t allocations;
    uint32_t deallocations;
    uint32_t allocated_low;  // of the bytes
    uint32_t deallocated_low;
    uint8_t allocated_high;
    uint8_t deallocated_high;
    uint16_t reallocations;
    uint32_t temporary;

    static bool fits(const EarlierValues& earlier) {
        const Counters& values = earlier.values;
        return SiteAndSpan::fits(earlier) &&
               ((values.allocations | values.deallocations | values.temporary) >> 32 |
                (values.allocated_bytes | values.deallocated_bytes) >> 40 |
                values.reallocations >> 16) == 0;
    }
    void write(const EarlierValues& earlier) {
        const Counters& values = earlier.values;
        site_and_span = SiteAndSpan::pack(earlier);
        allocations = static_cast<uint32_t>(values.allocations);
        deallocations = static_cast<uint32_t>(values.deallocations);
        allocated_low = static_cast<uint32_t>(values.allocated_bytes);
        deallocated_low = static_cast<uint32_t>(values.deallocated_bytes);
        allocated_high = static_cast<uint8_t>(values.allocated_bytes >> 32);
        deallocated_high = static_cast<uint8_t>(values.deallocated_bytes >> 32);
        reallocations = static_cast<uint16_t>(values.reallocations);
        temporary = static_cast<uint32_t>(values.temporary);
    }
    uint32_t since(uint32_t until_then) const {
        return SiteAndSpan::since(site_and_span, until_then);
    }
    EarlierValues read(uint32_t until_then) const {
        return {since(until_then),
                until_then,
                SiteAndSpan::site(site_and_span),
                {allocations, uint64_t{allocated_high} << 32 | allocated_low, deallocations,
                 uint64_t{deallocated_high} << 32 | deallocated_low, temporary, reallocations}};
    }
};
static_assert(sizeof(MediumUndoEntry) == 32);

// Any values.
struct UndoEntry {
    Shared<uint32_t> until;  // this and the functions: as in SmallUndoEntry
    uint32_t since_epoch;
    uint32_t site;
    uint32_t reserved;
    Counters values;

    void write(const EarlierValues& earlier) {
        since_epoch = earlier.since;
        site = earlier.site;
        values = earlier.values;
    }
    uint32_t since(uint32_t) const { return since_epoch; }
    EarlierValues read(uint32_t until_then) const {
        return {since_epoch, until_then, site, values};
    }
};
static_assert(sizeof(UndoEntry) == 64);

// How many blocks of one site, born in one generation, one table deallocated in a later one. Of the
// generation of their birth are all other deallocations. So of the blocks born between two held
// scheduled snapshots those that are still live at a third can be told, and how old blocks become.
// An entry is of use as long as a scheduled snapshot is held that opened a generation after `born`
// and not after `freed`, so there are no more of them than those that are held require.
struct AgedDeallocations {
    Shared<uint64_t> key;  // aged_key; written last; 0 while the entry is empty or being reused
    Shared<uint64_t> deallocations;  // this and the next: as in Counters
    Shared<uint64_t> deallocated_bytes;
    // The recorder's own: number + 1 of the table's entry of the same site and `freed` that was
    // begun before this one, 0 for none.
    uint32_t earlier;
    uint32_t reserved;
};
static_assert(sizeof(AgedDeallocations) == 32);

constexpr uint64_t aged_key(uint32_t site, uint32_t born, uint32_t freed) {
    return uint64_t{site} << 32 | born << 16 | freed;
}
constexpr uint32_t aged_site(uint64_t key) {
    return static_cast<uint32_t>(key >> 32);
}
constexpr uint32_t aged_born(uint64_t key) {
    return static_cast<uint32_t>(key >> 16) & 0xffff;
}
constexpr uint32_t aged_freed(uint64_t key) {
    return static_cast<uint32_t>(key) & 0xffff;
}

inline constexpr uint32_t kCellsPerPage = kPageSize / sizeof(Cell);
inline constexpr uint32_t kAgedPerPage = kPageSize / sizeof(AgedDeallocations);
static_assert(kCellsPerPage == 64 && kAgedPerPage == 128);

enum class PageKind : uint32_t {
    unused = 0,
    counters = 1,
    undo = 2,
    aged = 3,
    medium_undo = 4,
    small_undo = 5,
};

// A counters page holds the cells of sites index * 64 … index * 64 + 63 of its table.
struct PageDescriptor {
    Shared<PageKind> kind;  // written last
    uint32_t table;
    uint32_t index;
    uint32_t reserved;
};

inline constexpr uint32_t kPagesPerSegment = kSegmentSize / kPageSize - 1;

struct PageSegment {
    SegmentHeader header;
    PageDescriptor descriptors[kPagesPerSegment];
    uint8_t reserved[kPageSize - sizeof(SegmentHeader) - sizeof(PageDescriptor) * kPagesPerSegment];
    uint8_t pages[kPagesPerSegment][kPageSize];
};
static_assert(sizeof(PageSegment) == kSegmentSize);

}  // namespace heapdrift
