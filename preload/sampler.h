// Which blocks of the heap are recorded, and for how much each stands.
//
// Sampled mode puts random points on the stream of bytes that a thread allocates, on average one in
// `interval` bytes (a Poisson process), and records the blocks that hold one. A block of s bytes is
// recorded with probability p = 1 - exp(-s / interval) and stands for 1 / p blocks, so sums are
// unbiased (Horvitz-Thompson), and large blocks are known exactly. Exact mode is the limit: a point
// in every byte, p = 1.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/ids.h"
#include "core/session_format.h"
#include "preload/thread_local.h"

namespace heapdrift {

// What a block adds to counters, and takes from them when it is gone: a function of its size.
struct Weight {
    uint64_t count;  // in units of Sampler::unit()
    uint64_t bytes;
    uint64_t variance;  // of the bytes, in units of the interval: s^2 (1 - p) / p^2 / interval
    bool exact;         // mode
};

class Sampler {
public:
    // interval in bytes; 0: exact.
    void open(uint64_t interval) { interval_ = interval; }
    bool exact() const { return interval_ == 0; }
    // What one block, known exactly, counts: in sampled mode counts are fixed point.
    uint64_t unit() const { return exact() ? 1 : kSampledCountUnit; }
    // Of a mapping, which is always recorded.
    Weight whole(uint64_t size) const { return {unit(), size, 0, exact()}; }

    // The one decision, at the head of every allocation: whether no point lies in the block, which
    // is then behind the thread. Otherwise nothing has changed, and takes() says the same. Asked
    // before there is a block: whether the allocator then refuses has no part in where the points
    // lie. In exact mode there is nothing until the next point.
    [[gnu::always_inline]] static bool passes_by(uint64_t size) {
        uint64_t left = tls.until_sample;
        bool reached;
        // An empty block counts as a byte.
        asm("cmpq $1, %2\n\tsbbq %2, %0" : "+r"(left), "=@ccc"(reached) : "r"(size));
        if (reached) return false;
        tls.until_sample = left;
        return true;
    }
    [[gnu::always_inline]] bool takes(uint64_t size) const {
        if (passes_by(size)) return false;
        return exact() || draw_next(size);
    }
    [[gnu::always_inline]] Weight weigh(uint64_t size) const {
        if (exact()) [[likely]]
            return {1, size, 0, true};
        return weigh_sample(size);
    }

    // Which addresses may be recorded: so that the deallocation of one that is not costs a look at
    // a byte. Counts of the addresses of a granule, and of those 16 MiB apart; in exact mode
    // unused.
    [[gnu::always_inline]] bool may_hold(uint64_t address) const {
        return exact() || is_noted(address);
    }
    [[gnu::always_inline]] bool is_noted(uint64_t address) const {
        return filter_[index_of(address)].load(std::memory_order_relaxed) != 0;
    }
    void note(uint64_t address) {
        if (!exact()) [[unlikely]]
            change_filter(address, 1);
    }
    void forget(uint64_t address) {
        if (!exact()) [[unlikely]]
            change_filter(address, -1);
    }
    // For an address that deallocation must look at, though it is not recorded; in any process.
    void note_for_ever(uint64_t address) {
        filter_[index_of(address)].store(kForEver, std::memory_order_relaxed);
    }
    // Writes to no page that holds nothing: in a fork child each would be copied.
    void forget_all();

private:
    // Neighbours share a byte, and those around them its cache line, so that of a program that
    // works within a megabyte only 4 KiB are looked at. That costs the recorded block's neighbours
    // a look into the block table; there are few of either.
    static constexpr uint32_t kGranuleBits = 8;
    // A count that came so far stays: it may have lost others.
    static constexpr uint8_t kSticky = 200;
    static constexpr uint8_t kForEver = 255;

    static uint64_t index_of(uint64_t address) {
        return static_cast<uint16_t>(address >> kGranuleBits);
    }
    bool draw_next(uint64_t size) const;
    Weight weigh_sample(uint64_t size) const;
    void change_filter(uint64_t address, int change);

    uint64_t interval_ = 0;
    std::atomic<uint8_t> filter_[1u << 16] = {};
};

// What watches for the unloading of a module, without a block that was recorded.
inline constexpr SiteId kWatchOnly{(1u << 26) - 1};

}  // namespace heapdrift
