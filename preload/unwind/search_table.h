// The table of .eh_frame_hdr, which every linker writes: pairs of a function and its entry in
// .eh_frame, sorted by function.
#pragma once

#include <cstdint>

#include "preload/unwind/module_image.h"

namespace heapdrift {

struct SearchTable {
    uint64_t base = 0;
    uint64_t entries = 0;
    uint64_t count = 0;    // 0 where there is no table of the one known kind
    bool checked = false;  // all of it is known to be readable
};

SearchTable read_search_table(const ModuleImage& image);

// Where the entry of the last function lies that begins at `address` or before it; 0 for none.
uint64_t search(const SearchTable& table, const ModuleImage& image, uint64_t address);

}  // namespace heapdrift
