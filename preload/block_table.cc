#include "preload/block_table.h"

#include "core/session_format.h"
#include "preload/page_memory.h"
#include "preload/syscalls.h"

// Orders: slots are relaxed, since one thread owns a block at a time and hands it to the next by
// means of its own. Pointers to planes are published with release by whoever maps them and read
// with acquire; what they point to is zero at first.

namespace heapdrift {
namespace {

constexpr uint32_t kShort = 1;
constexpr uint64_t kShortMaxSize = (1u << 6) - 1;
constexpr uint32_t kShortMaxSite = (1u << 15) - 1;

constexpr uint32_t kTagMask = 3;
constexpr uint32_t kWide = 2;
constexpr uint32_t kInPlaneB = 1u << 2;
constexpr uint32_t kWatched = 1u << 3;
constexpr uint32_t kHuge = 1u << 4;
constexpr uint32_t kSiteShift = 6;
constexpr uint32_t kLowSizeBits = 20;
constexpr uint64_t kLowSizeMask = (1u << kLowSizeBits) - 1;

constexpr uint32_t kGenerationMask = (1u << 10) - 1;

}  // namespace

inline BlockTable::Place BlockTable::find(uint64_t address) const {
    const uint64_t slot = address >> slot_shift_;
    Planes* mid = root_[slot >> (kLeafBits + kMidBits)].load(std::memory_order_acquire);
    if (mid == nullptr) return {};
    return {&mid[slot >> kLeafBits & ((1u << kMidBits) - 1)],
            static_cast<uint32_t>(slot & ((1u << kLeafBits) - 1))};
}

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

BlockTable::Place BlockTable::find_or_map(uint64_t address) {
    Place place = find(address);
    if (place.planes == nullptr) {
        constexpr size_t kSize = sizeof(Planes) << kMidBits;
        auto* mid = static_cast<Planes*>(map_pages(kSize));
        if (mid == nullptr) return {};
        Planes* expected = nullptr;
        if (!root_[address >> slot_shift_ >> (kLeafBits + kMidBits)].compare_exchange_strong(
                expected, mid, std::memory_order_acq_rel))
            unmap_pages(mid, kSize);
        place = find(address);
    }
    if (place.planes->a.load(std::memory_order_acquire) == nullptr &&
        map_plane(place.planes->a) == nullptr)
        return {};
    return place;
}

inline bool BlockTable::covers_next_slot(uint64_t address, uint64_t size) const {
    return address + size >= ((address >> slot_shift_) + 2) << slot_shift_;
}

bool BlockTable::write_wide(const Place& place, uint64_t address, const BlockRecord& record) {
    Slot* a = place.planes->a.load(std::memory_order_acquire);
    Slot* continuation = &a[place.index + 1];
    uint32_t head = kWide | raw(record.site) << kSiteShift;
    if (record.watched) head |= kWatched;
    if (record.size > kLowSizeMask) {
        head |= kHuge;
        a[place.index + 2].store(static_cast<uint32_t>(record.size >> kLowSizeBits) << 2,
                                 std::memory_order_relaxed);
    } else if (!covers_next_slot(address, record.size)) {
        head |= kInPlaneB;
        Slot* b = place.planes->b.load(std::memory_order_acquire);
        if (b == nullptr && (b = map_plane(place.planes->b)) == nullptr) return false;
        continuation = &b[place.index];
    }
    continuation->store(record.generation << 2 | static_cast<uint32_t>(record.size & kLowSizeMask)
                                                     << 12,
                        std::memory_order_relaxed);
    a[place.index].store(head, std::memory_order_relaxed);
    return true;
}

// Reads the record at a place and clears its words.
inline BlockRecord BlockTable::remove(const Place& place) {
    BlockRecord record;
    Slot* a = place.planes->a.load(std::memory_order_acquire);
    if (a == nullptr) return record;
    const uint32_t head = a[place.index].load(std::memory_order_relaxed);
    // A continuation has no block of its own: its head lies before it.
    if ((head & kTagMask) == 0) return record;
    a[place.index].store(0, std::memory_order_relaxed);
    if ((head & kShort) != 0) {
        record.size = head >> 1 & kShortMaxSize;
        record.generation = head >> 7 & kGenerationMask;
        record.site = SiteId{head >> 17};
        return record;
    }
    record.site = SiteId{head >> kSiteShift};
    record.watched = (head & kWatched) != 0;
    Slot* continuation = (head & kInPlaneB) == 0
                             ? &a[place.index + 1]
                             : &place.planes->b.load(std::memory_order_acquire)[place.index];
    const uint32_t word = continuation->load(std::memory_order_relaxed);
    // Overwritten likewise: the size is lost, the count is not.
    if ((word & kTagMask) != 0) return record;
    continuation->store(0, std::memory_order_relaxed);
    record.generation = word >> 2 & kGenerationMask;
    record.size = word >> 12;
    if ((head & kHuge) != 0) {
        record.size |=
            static_cast<uint64_t>(a[place.index + 2].load(std::memory_order_relaxed) >> 2)
            << kLowSizeBits;
        a[place.index + 2].store(0, std::memory_order_relaxed);
    }
    return record;
}

BlockTable::Put BlockTable::put(uint64_t address, const BlockRecord& record, BlockRecord& old) {
    Place place = find(address);
    if (place.planes == nullptr || place.planes->a.load(std::memory_order_acquire) == nullptr) {
        place = find_or_map(address);
        if (place.planes == nullptr) return Put::failed;
    }
    Slot& slot = place.planes->a.load(std::memory_order_acquire)[place.index];
    Put result = Put::done;
    if (slot.load(std::memory_order_relaxed) != 0) {
        old = remove(place);
        if (raw(old.site) != 0) result = Put::replaced;
    }
    if (record.size <= kShortMaxSize && raw(record.site) <= kShortMaxSite && !record.watched) {
        slot.store(kShort | static_cast<uint32_t>(record.size) << 1 | record.generation << 7 |
                       raw(record.site) << 17,
                   std::memory_order_relaxed);
        return result;
    }
    return write_wide(place, address, record) ? result : Put::failed;
}

BlockRecord BlockTable::take(uint64_t address) {
    const Place place = find(address);
    return place.planes == nullptr ? BlockRecord{} : remove(place);
}

bool BlockTable::watch(uint64_t address) {
    const Place place = find(address);
    if (place.planes == nullptr) return false;
    BlockRecord record = remove(place);
    if (raw(record.site) == 0) return false;
    record.watched = true;
    return write_wide(place, address, record);
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
