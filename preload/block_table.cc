#include "preload/block_table.h"

#include "core/session_format.h"
#include "preload/page_memory.h"
#include "preload/syscalls.h"

namespace heapdrift {

BlockTable::Place BlockTable::place_of(uint64_t address) const {
    const uint64_t slot = slot_number(address, slot_shift());
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
        const uint64_t top = slot_number(address, slot_shift()) >> (kLeafBits + kMidBits);
        // Before the entry: whoever knows of a block there finds it.
        used_stretches_.fetch_or(uint64_t{1} << top / kTopsPerStretch, std::memory_order_relaxed);
        Planes* expected = nullptr;
        if (!root_[top].compare_exchange_strong(expected, mid, std::memory_order_acq_rel))
            unmap_pages(mid, kSize);
        place = place_of(address);
    }
    if (place.a == nullptr && map_plane(place.planes->a, follows_dense_leaves(address)) != nullptr)
        place = place_of(address);
    return place;
}

void BlockTable::remember(const Place& place, uint64_t address) {
    const uint64_t leaf = slot_number(address, slot_shift()) >> kLeafBits;
    // Release: pairs with the acquire in find. A plane never goes away.
    recent_leaves_[leaf % kRecentLeaves].store(
        (leaf / kRecentLeaves + 1) << kPointerBits |
            reinterpret_cast<uint64_t>(place.a - place.index),
        std::memory_order_release);
}

BlockTable::Put BlockTable::put(uint64_t address, const BlockRecord& record) {
    if (!record.watched && put_ordinary(fetch_slot(address, slot_shift()), address, record.site,
                                        record.generation, record.size, slot_shift()))
        return {true, {}};
    const Place place = place_or_map(address);
    if (place.a == nullptr) return {false, {}};
    remember(place, address);
    Put put{true, {}};
    if (!slots::is_free(place.a->load(std::memory_order_relaxed))) put.replaced = take(address);
    put.done = write_surely(place, address, record);
    return put;
}

bool BlockTable::write(const Place& place, uint64_t address, const BlockRecord& record) {
    if (!slots::fits_short(record.site, record.size) || record.watched)
        return write_special(place, address, record);
    place.a->store(slots::short_slot(record.site, record.generation, record.size),
                   std::memory_order_relaxed);
    return true;
}

// Writes a record where no other thread takes the page away at the same time. One that looks for
// empty pages, and at this very stretch, is waited for, which is a matter of microseconds; if it
// has lost its processor, its search is called off. While it is in the kernel it must be waited
// for, but not for ever.
bool BlockTable::write_surely(const Place& place, uint64_t address, const BlockRecord& record) {
    constexpr int kPatience = 200;
    constexpr int kTries = 10'000'000;
    for (int i = 0; i < kTries; ++i) {
        // Acquire: pairs with the release of whoever began it; its stretch is known then.
        uint32_t returns = returns_.load(std::memory_order_acquire);
        const bool in_the_way = phase(returns) != kIdle && is_being_returned(place.a);
        if (in_the_way && phase(returns) == kLooking && i > kPatience) {
            returns_.compare_exchange_strong(returns, returns + kPhases - kLooking);
            continue;
        }
        if (in_the_way) {
            if (!memory_confined()) sys::call(SYS_sched_yield);
            continue;
        }
        if (!write(place, address, record)) return false;
        std::atomic_signal_fence(std::memory_order_seq_cst);
        if (returns_.load(std::memory_order_relaxed) == returns) return true;
    }
    place.a->store(0, std::memory_order_relaxed);
    return false;
}

// Records that need more than the next slot, or flags.
bool BlockTable::write_special(const Place& place, uint64_t address, const BlockRecord& record) {
    Slot* slot = place.a;
    Slot* following = slot + 1;
    uint32_t head = slots::wide_head(record.site);
    if (record.watched) head |= slots::kWatched;
    if (record.size > slots::kLowSizeMask) {
        head |= slots::kHuge;
        slot[2].store(static_cast<uint32_t>(record.size >> slots::kLowSizeBits) << 2,
                      std::memory_order_relaxed);
    } else if (!slots::covers_next_slot(address, record.size, slot_shift())) {
        head |= slots::kInPlaneB;
        Slot* b = place.planes->b.load(std::memory_order_acquire);
        if (b == nullptr && (b = map_plane(place.planes->b, false)) == nullptr) return false;
        following = b + place.index;
    }
    following->store(slots::continuation(record.generation, record.size),
                     std::memory_order_relaxed);
    slot->store(head, std::memory_order_relaxed);
    return true;
}

BlockRecord BlockTable::read_record(const Slot* slot, uint32_t head, const Slot* in_plane_b) {
    if ((head & slots::kShort) != 0)
        return {SiteId{head >> 17}, head >> 7 & slots::kGenerationMask,
                head >> 1 & slots::kShortMaxSize, false};
    BlockRecord record{SiteId{head >> slots::kSiteShift}, 0, 0, (head & slots::kWatched) != 0};
    const Slot* following = (head & slots::kInPlaneB) == 0 ? slot + 1 : in_plane_b;
    if (following == nullptr) return record;
    const uint32_t word = following->load(std::memory_order_relaxed);
    // The slot of another block by now: the size is lost, the count is not.
    if (!slots::is_free(word)) return record;
    record.generation = word >> 2 & slots::kGenerationMask;
    record.size = word >> 12;
    if ((head & slots::kHuge) != 0) {
        record.size |= static_cast<uint64_t>(slot[2].load(std::memory_order_relaxed) >> 2)
                       << slots::kLowSizeBits;
    }
    return record;
}

BlockRecord BlockTable::take(uint64_t address) {
    if (BlockRecord record; take_ordinary(address, record, slot_shift())) return record;
    const Place place = place_of(address);
    if (place.a == nullptr) return {};
    remember(place, address);
    Slot* slot = place.a;
    const uint32_t head = slot->load(std::memory_order_relaxed);
    // A continuation has no block of its own: its head lies before it.
    if (slots::is_free(head)) return {};
    const Slot* in_plane_b = (head & (slots::kShort | slots::kInPlaneB)) == slots::kInPlaneB
                                 ? place.planes->b.load(std::memory_order_acquire) + place.index
                                 : nullptr;
    const BlockRecord record = read_record(slot, head, in_plane_b);
    clear_head(slot);
    return record;
}

bool BlockTable::watch(uint64_t address) {
    BlockRecord record = take(address);
    if (raw(record.site) == 0) return false;
    record.watched = true;
    return write_surely(place_of(address), address, record);
}

template <typename Visit>
void BlockTable::for_each_plane(Visit visit) const {
    for_each_mid([&](uint64_t, const Planes* mid) {
        for (uint32_t i = 0; i < 1u << kMidBits; ++i) {
            if (Slot* a = mid[i].a.load(std::memory_order_acquire)) visit(a);
            if (Slot* b = mid[i].b.load(std::memory_order_acquire)) visit(b);
        }
    });
}

bool BlockTable::keep_on_fork(bool kept) {
    bool done = true;
    for_each_plane([&](Slot* plane) {
        const long result =
            sys::advise(plane, kPlaneSize, kept ? MADV_KEEPONFORK : MADV_WIPEONFORK);
        done = done && !sys::failed(result);
    });
    return done;
}

void BlockTable::clear() {
    for_each_plane([](Slot* plane) { sys::advise(plane, kPlaneSize, MADV_DONTNEED); });
    keep_on_fork(false);
}

uint64_t BlockTable::resident_bytes() const {
    constexpr size_t kPages = kPlaneSize / kPageSize;
    constexpr size_t kMidSize = sizeof(Planes) << kMidBits;
    constexpr size_t kMidPages = kMidSize / kPageSize;
    constexpr size_t kPlanesPerPage = kPageSize / sizeof(Planes);
    uint64_t pages = 0;
    const auto count = [&pages](const Slot* plane) {
        uint8_t resident[kPages];
        if (plane != nullptr && !sys::failed(sys::call(SYS_mincore, sys::address(plane), kPlaneSize,
                                                       sys::address(resident))))
            for (const uint8_t page : resident) pages += page & 1;
    };
    for_each_mid([&](uint64_t, const Planes* mid) {
        // Mostly one page of it was touched. To look at the others would touch them.
        uint8_t resident[kMidPages];
        if (sys::failed(
                sys::call(SYS_mincore, sys::address(mid), kMidSize, sys::address(resident))))
            return;
        for (size_t page = 0; page < kMidPages; ++page) {
            if ((resident[page] & 1) == 0) continue;
            ++pages;
            for (size_t i = page * kPlanesPerPage; i < (page + 1) * kPlanesPerPage; ++i) {
                count(mid[i].a.load(std::memory_order_acquire));
                count(mid[i].b.load(std::memory_order_acquire));
            }
        }
    });
    return pages * kPageSize;
}

}  // namespace heapdrift
