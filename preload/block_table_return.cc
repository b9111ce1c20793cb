// Giving back the memory of the block table where blocks have died.
//
// A page of slots without a live record may go; but a record that a thread writes at that moment
// must not go with it, and writing one must cost nothing: no lock, no fence. So the one who returns
// pages pays for both (membarrier, a fence in all threads of the process):
//
//   writes a record                   returns a page
//   reads returns_                    returns_: idle -> looking
//   writes the record                 membarrier
//   reads returns_ again              looks once more that the page holds no record
//                                     returns_: looking -> dropping
//                                     madvise(MADV_DONTNEED)
//                                     returns_: dropping -> idle, another number
//
// If both reads are of the same idle number, the write came either before the membarrier, and was
// seen, or after the return. Else it is done again (BlockTable::write_surely).
#include <linux/membarrier.h>

#include "core/session_format.h"
#include "preload/block_table.h"
#include "preload/page_memory.h"
#include "preload/signals_blocked.h"
#include "preload/syscalls.h"

namespace heapdrift {
namespace {

constexpr uint32_t kSlotsPerPage = kPageSize / sizeof(uint32_t);
// Looked at in one go: some 20 microseconds. Threads that write in these very pages wait for it,
// and for the kernel, which may be long where another thread forks at this moment.
constexpr uint32_t kPagesPerStretch = 64;
constexpr uint32_t kPagesPerPlane = 512;
constexpr uint32_t kStretchesPerPlane = kPagesPerPlane / kPagesPerStretch;

bool fence_all_threads() {
    return sys::call(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0;
}

}  // namespace

// Neighbouring pages of a leaf, in both planes.
struct BlockTable::Stretch {
    Planes* planes = nullptr;
    Slot* a = nullptr;
    uint32_t first_page = 0;

    Slot* page(uint32_t i) const { return a + (first_page + i) * kSlotsPerPage; }
    // Records that begin in the last two slots before a page may go on in it.
    bool holds_record(uint32_t i) const {
        const Slot* slot = page(i);
        const Slot* end = slot + kSlotsPerPage;
        if (first_page + i > 0) slot -= 2;
        uint32_t tags = 0;
        for (; slot != end; ++slot) tags |= slot->load(std::memory_order_relaxed);
        return (tags & slots::kTagMask) != 0;
    }
    // A huge page is divided by it, and must not be put together again.
    void keep_small_pages() const { sys::advise(a, kPlaneSize, MADV_NOHUGEPAGE); }
    void return_pages(uint32_t from, uint32_t to) const {
        sys::advise(page(from), (to - from) * kPageSize, MADV_DONTNEED);
        if (Slot* b = planes->b.load(std::memory_order_acquire))
            sys::advise(b + (first_page + from) * kSlotsPerPage, (to - from) * kPageSize,
                        MADV_DONTNEED);
    }
};

// A record takes up to three slots.
bool BlockTable::is_being_returned(const Slot* slot) const {
    const Slot* from = returned_from_.load(std::memory_order_relaxed);
    return slot + 2 >= from && slot < from + kPagesPerStretch * kSlotsPerPage;
}

void BlockTable::prepare_return() {
    sys::call(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
}

bool BlockTable::next_stretch(Stretch& stretch) {
    static_assert(kPagesPerPlane * kPageSize == kHugePageSize);
    constexpr uint64_t kLeavesPerMid = uint64_t{1} << kMidBits;
    constexpr uint64_t kEnd = kRootSize * kLeavesPerMid * kStretchesPerPlane;
    while (return_at_ < kEnd) {
        const uint64_t leaf = return_at_ / kStretchesPerPlane;
        Planes* mid = root_[leaf / kLeavesPerMid].load(std::memory_order_acquire);
        if (mid == nullptr) {
            return_at_ = (leaf / kLeavesPerMid + 1) * kLeavesPerMid * kStretchesPerPlane;
            continue;
        }
        Planes* planes = &mid[leaf % kLeavesPerMid];
        Slot* a = planes->a.load(std::memory_order_acquire);
        if (a == nullptr) {
            return_at_ = (leaf + 1) * kStretchesPerPlane;
            continue;
        }
        stretch = {planes, a,
                   static_cast<uint32_t>(return_at_++ % kStretchesPerPlane) * kPagesPerStretch};
        return true;
    }
    return_at_ = 0;
    return false;
}

bool BlockTable::return_some_pages() {
    if (memory_confined()) return true;
    // A handler that left by siglongjmp would leave returns_ as it is.
    const SignalsBlocked blocked;
    // Acquire, and the release below: return_at_ goes from one thread to the next.
    if (returning_.exchange(true, std::memory_order_acquire)) return true;
    Stretch stretch;
    const bool more = next_stretch(stretch);
    uint8_t resident[kPagesPerStretch];
    if (more && sys::call(SYS_mincore, sys::address(stretch.page(0)), kPagesPerStretch * kPageSize,
                          sys::address(resident)) == 0)
        return_pages(stretch, resident);
    returning_.store(false, std::memory_order_release);
    return more;
}

void BlockTable::return_pages(const Stretch& stretch, const uint8_t* resident) {
    bool empty[kPagesPerStretch];
    bool any = false;
    for (uint32_t i = 0; i < kPagesPerStretch; ++i) {
        empty[i] = (resident[i] & 1) != 0 && !stretch.holds_record(i);
        any |= empty[i];
    }
    if (!any) return;
    returned_from_.store(stretch.page(0), std::memory_order_relaxed);
    uint32_t returns = returns_.load(std::memory_order_relaxed) + kLooking;
    returns_.store(returns, std::memory_order_seq_cst);
    const bool fenced = fence_all_threads();
    for (uint32_t i = 0; i < kPagesPerStretch; ++i)
        empty[i] = fenced && empty[i] && !stretch.holds_record(i);
    // Not if a writer has called it off: it is idle then.
    if (!returns_.compare_exchange_strong(returns, returns - kLooking + kDropping)) return;
    stretch.keep_small_pages();
    for (uint32_t i = 0; i < kPagesPerStretch; ++i) {
        const uint32_t from = i;
        while (i < kPagesPerStretch && empty[i]) ++i;
        if (i > from) stretch.return_pages(from, i);
    }
    // Release: what was returned reads as zero for whoever sees that it is over.
    returns_.store(returns - kLooking + kPhases, std::memory_order_release);
}

}  // namespace heapdrift
