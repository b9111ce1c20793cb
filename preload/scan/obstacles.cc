#include "preload/scan/obstacles.h"

#include "core/snapshot_table.h"
#include "preload/page_memory.h"
#include "preload/process_figures.h"
#include "preload/recorder.h"
#include "preload/vdso_clock.h"

namespace heapdrift::scan {
namespace {

uint64_t live_blocks() {
    uint64_t blocks = 0;
    const uint32_t rows = recorder.file.control().thread_count.load(std::memory_order_relaxed);
    for (uint32_t i = 0; i < rows; ++i) {
        const ThreadRow& row = recorder.file.thread(i);
        blocks += row.allocations.load(std::memory_order_relaxed) -
                  row.deallocations.load(std::memory_order_relaxed);
    }
    return static_cast<int64_t>(blocks) < 0 ? 0 : blocks;
}

}  // namespace

ScanObstacle check_process() {
    if (memory_confined()) return ScanObstacle::confined;
    if (!recorder.sampler.exact()) return ScanObstacle::sampled;
    if (recorder.file.header().identity.forked != 0) return ScanObstacle::forked;
    if (!own_ranges_complete()) return ScanObstacle::own_memory;
    return ScanObstacle::none;
}

bool memory_suffices() {
    constexpr uint64_t kBytesPerBlock = 32;
    SnapshotLock lock(recorder.file.control(), monotonic_ns());
    if (!lock.held()) return true;
    SnapshotDescriptor figures{};
    read_process_figures(figures);
    const uint64_t resident = figures.rss_anon_bytes == kUnknownBytes ? 0 : figures.rss_anon_bytes;
    return memory_headroom() > kBytesPerBlock * live_blocks() + resident / 8 + (8u << 20);
}

}  // namespace heapdrift::scan
