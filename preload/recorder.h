// The recorder of this process: what every hook calls. Nothing here blocks, allocates through the
// program's allocator, or changes errno.
//
// Order that hooks keep: an allocation is recorded after the real call, a deallocation before it;
// realloc takes the old record, calls, then enters the new one, or the old one again on failure.
#pragma once

#include <cstdint>

#include "preload/block_table.h"
#include "preload/mapping_table.h"
#include "preload/module_list.h"
#include "preload/options.h"
#include "preload/session_file.h"
#include "preload/site_table.h"
#include "preload/thread_state.h"

namespace heapdrift {

struct Recorder {
    Options options;
    SessionFile file;
    BlockTable blocks;
    ModuleList modules{file, blocks};
    SiteTable sites{file, modules};
    ThreadRegistry threads{file};
    MappingTable mappings;

    // At which live bytes the next snapshot of the peak's composition is due.
    std::atomic<int64_t> next_peak_bytes{0};
    // Set by the first block of a custom allocator: until then every block is of the heap.
    std::atomic<bool> has_custom{false};
    // Allocations are not recorded while the program asked for that (heapdrift_stop).
    std::atomic<bool> paused{false};

    // In a fork child: drop all that was the parent's.
    void forget();
};

extern constinit Recorder recorder;

// How an allocation came about.
enum class Origin : uint8_t { fresh, reallocated };

// A block was obtained. address is not 0.
void record_allocation(uint64_t address, uint64_t size, const StartState& caller,
                       Domain domain = Domain::heap, Origin origin = Origin::fresh);

// A block is about to be returned.
void record_deallocation(uint64_t address);

// realloc's two halves. take_block removes the record without counting; then either
// count_deallocation says that the block is gone, or put_block_back that it stayed.
BlockRecord take_block(uint64_t address);
void count_deallocation(uint64_t address, const BlockRecord& record);
void put_block_back(uint64_t address, const BlockRecord& record);

// Bytes of a site's memory came or went without a block: mappings.
void record_mapping(uint64_t start, uint64_t size, const StartState& caller);
void record_unmapping(uint64_t start, uint64_t size);

// Takes a snapshot now; label may be "". Returns its number, 0 if there is none to be had.
SnapshotNumber take_snapshot(SnapshotKind kind, const char* label);

}  // namespace heapdrift
