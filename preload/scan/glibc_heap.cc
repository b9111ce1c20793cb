#include "preload/scan/glibc_heap.h"

#include "preload/scan/word.h"

namespace heapdrift::scan {
namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kInUse = 1;  // of the chunk before
constexpr uint64_t kMapped = 2;
constexpr uint64_t kFlags = 7;
constexpr uint64_t kSmallestChunk = 32;

uint64_t chunk_size_for(uint64_t size) {
    const uint64_t chunk = (size + 8 + 15) & ~uint64_t{15};
    return chunk < kSmallestChunk ? kSmallestChunk : chunk;
}

// Whether the words around a block that begins here are those of a chunk for `size` bytes.
bool looks_like_block(uint64_t block, uint64_t size, MemoryMap& map) {
    if (!map.is_readable(block - 16, block)) return false;
    const uint64_t header = word_at(block - 8);
    const uint64_t chunk = header & ~kFlags;
    const uint64_t least = chunk_size_for(size);
    if (chunk % 16 != 0 || chunk < least) return false;
    if ((header & kMapped) != 0) {
        // A mapping of its own; before it is what alignment left over.
        const uint64_t before = word_at(block - 16);
        return before < chunk + before && (block - 16 - before) % kPage == 0 &&
               (chunk + before) % kPage == 0 && chunk - least < 2 * kPage + 32;
    }
    // What would be left over is split off, unless it is too small to be a chunk.
    if (chunk - least > 2 * kSmallestChunk) return false;
    const uint64_t next = block - 16 + chunk;
    if (!map.is_readable(next + 8, next + 16)) return false;
    return (word_at(next + 8) & kInUse) != 0 && (word_at(next + 8) & 8) == 0;
}

// Chunks lie side by side: from that of a known block the way leads to each of those behind it. 0
// where it is long, or leads past both places.
uint64_t walk_to(uint64_t slot, uint64_t known, MemoryMap& map) {
    constexpr uint64_t kFarthest = 1 << 20;
    if (known == 0 || slot - known > kFarthest) return 0;
    for (uint64_t block = known; block < slot;) {
        if (!map.is_readable(block - 8, block)) return 0;
        const uint64_t header = word_at(block - 8);
        const uint64_t chunk = header & ~kFlags;
        if ((header & kMapped) != 0 || chunk % 16 != 0 || chunk < kSmallestChunk) return 0;
        if (chunk > slot + 16 - block) return 0;
        block += chunk;
        if (block == slot || block == slot + 16) return block;
    }
    return 0;
}

}  // namespace

uint64_t find_block_start(uint64_t slot, uint64_t size, uint64_t known, MemoryMap& map) {
    const bool first = looks_like_block(slot, size, map);
    const bool second = looks_like_block(slot + 16, size, map);
    if (first != second) return first ? slot : slot + 16;
    if (!first) return 0;
    if (const uint64_t walked = walk_to(slot, known, map); walked != 0) return walked;
    // Bytes of the block, or of the one before, that look like a header: the true one's chunk also
    // ends where another begins that goes on to a third.
    const auto goes_on = [&map](uint64_t block) {
        const uint64_t next = block - 16 + (word_at(block - 8) & ~kFlags);
        const uint64_t size_of_next = word_at(next + 8) & ~kFlags;
        if (size_of_next < kSmallestChunk || size_of_next > kArenaSize) return false;
        const uint64_t third = next + size_of_next;
        // The top chunk is the last, and ends with its mapping.
        if (!map.is_readable(third + 8, third + 16)) return third % kPage == 0;
        return (word_at(third + 8) & 8) == 0;
    };
    return goes_on(slot) || !goes_on(slot + 16) ? slot : slot + 16;
}

uint64_t arena_end(uint64_t start, const Mapping& mapping) {
    if (start % kArenaSize != 0 || !mapping.holds(start) || mapping.end - start < kPage) return 0;
    // struct heap_info: the arena, the heap before, bytes in use, bytes made writable.
    const uint64_t arena = word_at(start);
    const uint64_t used = word_at(start + 16);
    const uint64_t writable = word_at(start + 24);
    if (used == 0 || used > kArenaSize || used % kPage != 0) return 0;
    if (writable < used || writable > kArenaSize || writable % kPage != 0) return 0;
    // The arena's own description stands at the head of its first heap.
    if (arena % kArenaSize >= kPage || arena % kArenaSize < 32) return 0;
    return start + writable <= mapping.end ? start + writable : mapping.end;
}

}  // namespace heapdrift::scan
