#include "preload/unwind/image_cache.h"

#include "preload/large_table.h"

namespace heapdrift {
namespace {

uint32_t smaller(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

// Between its segments there may be others' memory.
bool holds(const ModuleImage& module, uint64_t address) {
    if (!module.mapped.contains(address, 1)) return false;
    for (uint32_t i = 0; i < module.segment_count; ++i)
        if (module.segments[i].contains(address, 1)) return true;
    return false;
}

}  // namespace

HEAPDRIFT_LARGE_TABLE constinit ImageCache image_cache;

const UnwindImage* ImageCache::find(uint64_t address) const {
    const uint32_t count = smaller(taken_.load(std::memory_order_relaxed), kMost);
    for (uint32_t i = 0; i < count; ++i) {
        const Entry& entry = entries_[i];
        // Acquire: pairs with the store in keep; the image is there before.
        if (entry.state.load(std::memory_order_acquire) == State::kept &&
            holds(entry.image.module, address))
            return &entry.image;
    }
    return nullptr;
}

// Two threads that read a module at the same time keep it twice, which costs an entry.
void ImageCache::keep(const UnwindImage& image, uint64_t generation) {
    if (taken_.load(std::memory_order_relaxed) >= kMost) return;
    const uint32_t at = taken_.fetch_add(1, std::memory_order_seq_cst);
    if (at >= kMost) return;
    Entry& entry = entries_[at];
    entry.image = image;
    // Sequentially consistent, like the addition above and all that retire does: of a keeping and a
    // retirement that meet, either the sweep sees the image or this thread the new generation.
    entry.state.store(State::kept, std::memory_order_seq_cst);
    if (generation_.load(std::memory_order_seq_cst) != generation)
        entry.state.store(State::retired, std::memory_order_relaxed);
}

void ImageCache::retire(uint64_t start, uint64_t end) {
    generation_.fetch_add(1, std::memory_order_seq_cst);  // pairs with keep
    const uint32_t count = smaller(taken_.load(std::memory_order_seq_cst), kMost);
    for (uint32_t i = 0; i < count; ++i) {
        Entry& entry = entries_[i];
        if (entry.state.load(std::memory_order_seq_cst) != State::kept) continue;
        const MemoryRange& mapped = entry.image.module.mapped;
        if (mapped.begin < end && start < mapped.end)
            entry.state.store(State::retired, std::memory_order_relaxed);
    }
}

}  // namespace heapdrift
