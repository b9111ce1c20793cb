// What a scan must know of glibc's malloc: where a block begins, where its arenas lie, and which
// of its own words look like pointers into blocks. Only reads, and only in memory that was checked.
#pragma once

#include <cstdint>

#include "preload/scan/memory_map.h"

namespace heapdrift::scan {

// The block table knows a block's 32-byte slot: it begins there or 16 bytes behind. Returns 0 where
// neither has a chunk's header before it that goes with the size. Where both do, the chunks between
// tell, from those of a block before on: `known` is where it begins, 0 for none.
uint64_t find_block_start(uint64_t slot, uint64_t size, uint64_t known, MemoryMap& map);

// The header of the chunk behind a block's. It lies in the block's last 8 bytes, if these are used,
// so that the free lists' and the top chunk's addresses look like pointers into the block.
inline uint64_t next_chunk_header(uint64_t block) {
    const uint64_t header = *reinterpret_cast<const uint64_t*>(block - 8);
    return block - 16 + (header & ~uint64_t{7});
}

// If an arena's heap begins at this multiple of kArenaSize: its end, else 0.
inline constexpr uint64_t kArenaSize = uint64_t{64} << 20;
uint64_t arena_end(uint64_t start, const Mapping& mapping);

}  // namespace heapdrift::scan
