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
#include "preload/sampler.h"
#include "preload/scopes.h"
#include "preload/session_file.h"
#include "preload/site_table.h"
#include "preload/snapshot_costs.h"
#include "preload/thread_state.h"

namespace heapdrift {

// All zero at first, down to the smallest part: so it takes no pages of the library's file, of
// which each process would copy those that it writes to.
struct Recorder {
    Options options = Options::unread();
    Sampler sampler;
    SessionFile file;
    BlockTable blocks;
    // Blocks of custom allocators, which lie inside blocks of the heap or mappings.
    BlockTable custom_blocks;
    // Tensors, which lie inside blocks of the heap, mappings, or the driver's memory.
    BlockTable tensors;
    // Where the loader's code lies; see record_allocation.
    uint64_t loader_start = 0;
    uint64_t loader_end = 0;
    ModuleList modules;
    SiteTable sites;
    ThreadRegistry threads;
    MappingTable mappings;
    ScopeTable scopes;

    // At which live bytes the next snapshot of the peak's composition is due.
    std::atomic<int64_t> next_peak_bytes{0};
    // The highest live bytes since the block table was last looked through for pages to return,
    // and when (since start) to look at the next few.
    std::atomic<int64_t> table_high_bytes{0};
    std::atomic<uint64_t> next_return_ns{0};
    // file.values_kept() at the last scheduled snapshot, and what those cost; they belong to
    // whoever holds the SnapshotLock.
    uint64_t values_kept_before = 0;
    SnapshotCosts snapshot_costs;
    // Allocations are not recorded while the program asked for that (heapdrift_stop).
    std::atomic<bool> paused{false};

    // At the start of the process.
    void open();
    // In a fork child: drop all that was the parent's.
    void forget();
};

[[gnu::visibility("hidden")]] extern constinit Recorder recorder;

// How an allocation came about.
enum class Origin : uint8_t { fresh, reallocated };

// A block was obtained. address is not 0.
void record_allocation(uint64_t address, uint64_t size, const StartState& caller,
                       Domain domain = Domain::heap, Origin origin = Origin::fresh);

// A block is about to be returned.
void record_deallocation(uint64_t address, Domain domain = Domain::heap);
// The same, but the block may well be unknown: its provider may record it by itself.
void record_deallocation_if_known(uint64_t address);

// realloc's two halves. take_block removes the record without counting; then either
// count_deallocation says that the block is gone, or put_block_back that it stayed.
BlockRecord take_block(uint64_t address);
void count_deallocation(uint64_t address, const BlockRecord& record);
void put_block_back(uint64_t address, const BlockRecord& record);

// Mappings. Those that a call may take away are taken out of the table before it, as another thread
// can get the range while the call runs; then they are counted as gone, or put back.
void record_mapping(uint64_t start, uint64_t size, const StartState& caller);
class TakenMappings {
public:
    TakenMappings(uint64_t start, uint64_t size);
    void count_gone();
    void put_back();

private:
    static constexpr uint32_t kMost = 16;
    Unmapped pieces_[kMost];
    uint32_t count_ = 0;
};

// Takes a snapshot now; label may be "". Returns its number, 0 if there is none to be had.
SnapshotNumber take_snapshot(SnapshotKind kind, const char* label);

}  // namespace heapdrift
