// The images of the modules that rules have been computed for: a module's program headers and the
// head of its .eh_frame_hdr, read anew for each rule, would be half of what a rule costs, and rules
// are much of what a short process pays.
//
// Takes no lock. An entry is written once and never again, so whoever has found one may read on
// while its module is unloaded; when all are used up, further modules are read anew each time.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "preload/unwind/search_table.h"

namespace heapdrift {

struct UnwindImage {
    ModuleImage module;
    SearchTable table;
};

class ImageCache {
public:
    constexpr ImageCache() = default;
    ImageCache(const ImageCache&) = delete;
    ImageCache& operator=(const ImageCache&) = delete;

    // The module that has `address` in one of its segments, or nullptr.
    const UnwindImage* find(uint64_t address) const;

    // generation: what it was before the image was read.
    void keep(const UnwindImage& image, uint64_t generation);
    uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

    // A module left [start, end): it is not found afterwards, even if another thread is about to
    // keep it.
    void retire(uint64_t start, uint64_t end);

private:
    enum class State : uint8_t { empty = 0, kept = 1, retired = 2 };
    struct Entry {
        std::atomic<State> state{State::empty};
        UnwindImage image;
    };
    static constexpr uint32_t kMost = 64;

    std::atomic<uint64_t> generation_{0};  // counts retire
    std::atomic<uint32_t> taken_{0};       // entries given out, perhaps more than there are
    std::array<Entry, kMost> entries_;
};

// The one of the process.
extern ImageCache image_cache;

}  // namespace heapdrift
