#include "preload/block_table.h"

#include "core/session_format.h"
#include "preload/page_memory.h"
#include "preload/syscalls.h"

namespace heapdrift {

// A page more than the slots: the last slots of a leaf have continuations too.
constexpr size_t kPlaneSize = (sizeof(uint32_t) << 18) + kPageSize;

BlockTable::Slot* BlockTable::map_plane(std::atomic<Slot*>& plane) {
    auto* mapped = static_cast<Slot*>(map_pages_wiped_on_fork(kPlaneSize));
    if (mapped == nullptr) return plane.load(std::memory_order_acquire);
    Slot* expected = nullptr;
    if (plane.compare_exchange_strong(expected, mapped, std::memory_order_acq_rel)) return mapped;
    unmap_pages(mapped, kPlaneSize);
    return expected;
}

BlockTable::Place BlockTable::place_of(uint64_t address) const {
    const uint64_t slot = address >> slot_shift_;
    Planes* mid = root_[slot >> (kLeafBits + kMidBits)].load(std::memory_order_acquire);
    if (mid == nullptr) return {};
    const auto index = static_cast<uint32_t>(slot & ((1u << kLeafBits) - 1));
    Planes* planes = &mid[slot >> kLeafBits & ((1u << kMidBits) - 1)];
    Slot* a = planes->a.load(std::memory_order_acquire);
    return {planes, a == nullptr ? nullptr : a + index, index};
}

BlockTable::Place BlockTable::place_or_map(uint64_t address) {
    Place place = place_of(address);
    if (place.planes == nullptr) {
        constexpr size_t kSize = sizeof(Planes) << kMidBits;
        auto* mid = static_cast<Planes*>(map_pages(kSize));
        if (mid == nullptr) return {};
        Planes* expected = nullptr;
        if (!root_[address >> slot_shift_ >> (kLeafBits + kMidBits)].compare_exchange_strong(
                expected, mid, std::memory_order_acq_rel))
            unmap_pages(mid, kSize);
        place = place_of(address);
    }
    if (place.a == nullptr && map_plane(place.planes->a) != nullptr) place = place_of(address);
    return place;
}

void BlockTable::remember(const Place& place, uint64_t address) {
    const uint64_t leaf = address >> slot_shift_ >> kLeafBits;
    // Release: pairs with the acquire in find. A plane never goes away.
    recent_leaves_[leaf % kRecentLeaves].store(
        (leaf / kRecentLeaves + 1) << kPointerBits |
            reinterpret_cast<uint64_t>(place.a - place.index),
        std::memory_order_release);
}

BlockTable::Put BlockTable::put(uint64_t address, const BlockRecord& record) {
    const Place place = place_or_map(address);
    if (place.a == nullptr) return {false, {}};
    remember(place, address);
    Put put{true, {}};
    if (!is_free(place.a->load(std::memory_order_relaxed))) put.replaced = take(address);
    put.done = write_surely(place, address, record);
    return put;
}

bool BlockTable::write(const Place& place, uint64_t address, const BlockRecord& record) {
    if (!fits_short(record) || record.watched) return write_special(place, address, record);
    place.a->store(short_slot(record), std::memory_order_relaxed);
    return true;
}

// Writes a record where no other thread takes the page away at the same time. One that looks for
// empty pages is waited for, which is a matter of microseconds; if it has lost its processor, its
// search is called off. While it is in the kernel it must be waited for, but not for ever.
bool BlockTable::write_surely(const Place& place, uint64_t address, const BlockRecord& record) {
    constexpr int kPatience = 200;
    constexpr int kTries = 200'000;
    for (int i = 0; i < kTries; ++i) {
        uint32_t returns = begin_write();
        if (phase(returns) == kLooking && i > kPatience) {
            returns_.compare_exchange_strong(returns, returns + kPhases - kLooking);
            continue;
        }
        if (phase(returns) != kIdle) {
            sys::call(SYS_sched_yield);
            continue;
        }
        if (!write(place, address, record)) return false;
        if (!returned_since(returns)) return true;
    }
    place.a->store(0, std::memory_order_relaxed);
    return false;
}

// Records that need more than the next slot, or flags.
bool BlockTable::write_special(const Place& place, uint64_t address, const BlockRecord& record) {
    Slot* slot = place.a;
    Slot* following = slot + 1;
    uint32_t head = wide_head(record);
    if (record.watched) head |= kWatched;
    if (record.size > kLowSizeMask) {
        head |= kHuge;
        slot[2].store(static_cast<uint32_t>(record.size >> kLowSizeBits) << 2,
                      std::memory_order_relaxed);
    } else if (!covers_next_slot(address, record.size)) {
        head |= kInPlaneB;
        Slot* b = place.planes->b.load(std::memory_order_acquire);
        if (b == nullptr && (b = map_plane(place.planes->b)) == nullptr) return false;
        following = b + place.index;
    }
    following->store(continuation(record), std::memory_order_relaxed);
    slot->store(head, std::memory_order_relaxed);
    return true;
}

BlockRecord BlockTable::take(uint64_t address) {
    const Place place = place_of(address);
    if (place.a == nullptr) return {};
    remember(place, address);
    Slot* slot = place.a;
    const uint32_t head = slot->load(std::memory_order_relaxed);
    // A continuation has no block of its own: its head lies before it.
    if (is_free(head)) return {};
    const BlockRecord record = read_record(place, head);
    clear(slot);
    return record;
}

BlockRecord BlockTable::read_record(const Place& place, uint32_t head) {
    if ((head & kShort) != 0)
        return {SiteId{head >> 17}, head >> 7 & kGenerationMask, head >> 1 & kShortMaxSize, false};
    const Slot* slot = place.a;
    BlockRecord record{SiteId{head >> kSiteShift}, 0, 0, (head & kWatched) != 0};
    const Slot* following = (head & kInPlaneB) == 0
                                ? slot + 1
                                : place.planes->b.load(std::memory_order_acquire) + place.index;
    const uint32_t word = following->load(std::memory_order_relaxed);
    // The slot of another block by now: the size is lost, the count is not.
    if (!is_free(word)) return record;
    record.generation = word >> 2 & kGenerationMask;
    record.size = word >> 12;
    if ((head & kHuge) != 0) {
        record.size |= static_cast<uint64_t>(slot[2].load(std::memory_order_relaxed) >> 2)
                       << kLowSizeBits;
    }
    return record;
}

bool BlockTable::watch(uint64_t address) {
    BlockRecord record = take(address);
    if (raw(record.site) == 0) return false;
    record.watched = true;
    return write_surely(place_of(address), address, record);
}

uint64_t BlockTable::resident_bytes() const {
    constexpr size_t kPages = kPlaneSize / kPageSize;
    uint64_t pages = 0;
    const auto count = [&pages](const Slot* plane) {
        uint8_t resident[kPages];
        if (plane == nullptr || sys::failed(sys::call(SYS_mincore, sys::address(plane), kPlaneSize,
                                                      sys::address(resident))))
            return;
        for (const uint8_t page : resident) pages += page & 1;
    };
    for (const auto& entry : root_) {
        const Planes* mid = entry.load(std::memory_order_acquire);
        if (mid == nullptr) continue;
        for (uint32_t i = 0; i < 1u << kMidBits; ++i) {
            count(mid[i].a.load(std::memory_order_acquire));
            count(mid[i].b.load(std::memory_order_acquire));
        }
        pages += (sizeof(Planes) << kMidBits) / kPageSize;
    }
    return pages * kPageSize;
}

}  // namespace heapdrift
