// Huge pages for the block table where a heap is large and dense.
//
// A leaf's slots are as large as a huge page. With one, the table costs a miss of the TLB less in
// malloc and free, one page fault instead of 512, and a scan's fork copies one entry instead of
// 512. But it is there as a whole with the first block, so it is asked for only where the heap
// below, on 32 MiB of addresses, has blocks nearly everywhere: where that turns out to be the
// heap's end, a sixteenth of these 32 MiB was spent for nothing. All other leaves refuse huge
// pages, which the kernel may otherwise give unasked: a lone block would cost 2 MiB.
#include "core/session_format.h"
#include "preload/block_table.h"
#include "preload/page_memory.h"
#include "preload/signals_blocked.h"
#include "preload/syscalls.h"

namespace heapdrift {
namespace {

constexpr uint64_t kDenseBytes = uint64_t{32} << 20;  // of addresses
// Every 16th page of a leaf is looked at: some 10 microseconds.
constexpr uint32_t kPagesApart = 16;
constexpr uint32_t kMostEmpty = 4;  // of 32

}  // namespace

BlockTable::Slot* BlockTable::map_plane(std::atomic<Slot*>& plane, bool huge) {
    static_assert(kPlaneSize == kHugePageSize + kPageSize);
    // A handler that left by siglongjmp would leave pages that nobody knows.
    const SignalsBlocked blocked(!memory_confined());
    auto* mapped =
        static_cast<Slot*>(huge ? map_aligned_pages_wiped_on_fork(kPlaneSize, kHugePageSize)
                                : map_pages_wiped_on_fork(kPlaneSize));
    if (mapped == nullptr) return plane.load(std::memory_order_acquire);
    // A kernel without huge pages refuses: nothing is lost.
    sys::advise(mapped, kPlaneSize, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    Slot* expected = nullptr;
    if (plane.compare_exchange_strong(expected, mapped, std::memory_order_acq_rel)) return mapped;
    unmap_pages(mapped, kPlaneSize);
    return expected;
}

bool BlockTable::follows_dense_leaves(uint64_t address) const {
    constexpr uint64_t kLeafBytes = uint64_t{32} << kLeafBits;
    if (address < kDenseBytes) return false;
    for (uint64_t back = kLeafBytes; back <= kDenseBytes; back += kLeafBytes) {
        const Place place = place_of(address - back);
        if (place.a == nullptr || !is_dense(place.a - place.index)) return false;
    }
    return true;
}

// Pages that are not there are not looked at: reading would map them.
bool BlockTable::is_dense(const Slot* a) {
    constexpr uint32_t kPages = kHugePageSize / kPageSize;
    constexpr uint32_t kSlotsPerPage = kPageSize / sizeof(Slot);
    uint8_t resident[kPages];
    if (sys::failed(sys::call(SYS_mincore, sys::address(a), kHugePageSize, sys::address(resident))))
        return false;
    uint32_t empty = 0;
    for (uint32_t page = 0; page < kPages; page += kPagesApart) {
        uint32_t tags = 0;
        const Slot* slot = a + page * kSlotsPerPage;
        for (uint32_t i = 0; (resident[page] & 1) != 0 && i < kSlotsPerPage; ++i)
            tags |= slot[i].load(std::memory_order_relaxed);
        empty += (tags & slots::kTagMask) == 0;
    }
    return empty <= kMostEmpty;
}

}  // namespace heapdrift
