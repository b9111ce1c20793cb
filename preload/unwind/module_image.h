// The ELF image that an address lies in, as it is mapped: where it may be read, where its unwind
// information and its notes are. Found without a lock and without allocating, by _dl_find_object
// (glibc 2.35), so that it can be asked inside malloc and inside the loader.
//
// An image may be read for as long as it stays loaded. An address on the calling thread's stack
// keeps it so, as far as the program itself is sound.
#pragma once

#include <cstdint>

#include "preload/unwind/byte_cursor.h"

struct link_map;

namespace heapdrift {

struct MemoryRange {
    uint64_t begin = 0;
    uint64_t end = 0;

    bool contains(uint64_t address, uint64_t size) const {
        return address >= begin && address <= end && size <= end - address;
    }
};

struct ModuleImage {
    static constexpr uint32_t kMaxSegments = 16;
    static constexpr uint32_t kMaxNotes = 4;

    MemoryRange mapped;         // from the first segment to the last; there may be holes
    uint64_t load_bias = 0;     // absolute address minus link-time address
    uint64_t entry = 0;         // absolute; 0 where the ELF header gives none
    uint64_t eh_frame_hdr = 0;  // absolute; 0 for none
    const link_map* loaded = nullptr;

    // The readable segments, as far as the file fills them. None where the program headers could
    // not be found (they need not lie behind the ELF header): every page is then probed.
    MemoryRange segments[kMaxSegments];
    uint32_t segment_count = 0;
    MemoryRange relro;  // what the loader makes read-only once it has written there
    MemoryRange notes[kMaxNotes];
    uint32_t note_count = 0;

    bool readable(uint64_t address, uint64_t size) const;

    // Reads from `address` on, up to the end of its segment and at most `size` bytes.
    ByteCursor cursor(uint64_t address, uint64_t size) const;
};

bool find_module_image(uint64_t address, ModuleImage& image);

}  // namespace heapdrift
