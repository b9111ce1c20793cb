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

    // The one decision, at the head of every allocation.
    [[gnu::always_inline]] bool takes(uint64_t size) const {
        tls.until_sample -= static_cast<int64_t>(size + (size == 0));
        if (tls.until_sample >= 0) return false;
        if (exact()) [[likely]] {
            tls.until_sample = 0;
            return true;
        }
        return draw_next();
    }
    [[gnu::always_inline]] Weight weigh(uint64_t size) const {
        if (exact()) [[likely]]
            return {1, size, 0, true};
        return weigh_sample(size);
    }

    // Which addresses may be recorded: so that the deallocation of one that is not costs a look at
    // a byte. Counts of addresses by their hash, in exact mode unused.
    [[gnu::always_inline]] bool may_hold(uint64_t address) const {
        return exact() || filter_[index_of(address)].load(std::memory_order_relaxed) != 0;
    }
    void note(uint64_t address) {
        if (!exact()) [[unlikely]]
            change_filter(address, 1);
    }
    void forget(uint64_t address) {
        if (!exact()) [[unlikely]]
            change_filter(address, -1);
    }
    // Writes to no page in exact mode: in a fork child each would be copied.
    void forget_all();

private:
    static constexpr uint32_t kFilterBits = 15;
    // A count that came so far stays: it may have lost others.
    static constexpr uint8_t kSticky = 200;

    static uint64_t index_of(uint64_t address) {
        return (address >> 4) * 0x9e37'79b9'7f4a'7c15 >> (64 - kFilterBits);
    }
    bool draw_next() const;
    Weight weigh_sample(uint64_t size) const;
    void change_filter(uint64_t address, int change);

    uint64_t interval_ = 0;
    std::atomic<uint8_t> filter_[1u << kFilterBits] = {};
};

// What watches for the unloading of a module, without a block that was recorded.
inline constexpr SiteId kWatchOnly{(1u << 26) - 1};

}  // namespace heapdrift
