// Address of a live block -> (site, requested size, birth generation).
//
// Address-indexed and without locks or atomic read-modify-writes: the allocator guarantees that a
// block has one owner, so whoever allocates or frees it is the only one to touch its slots.
//
// One 4-byte slot for each 32 bytes of address space. Where two blocks may be closer than that (not
// glibc's) those at odd multiples of 16 have leaves of their own, which are touched where there are
// such blocks. A block's record starts in the slot of its address; block_slots.h has its forms. Its
// continuation lies in the next slot where the block covers that too, for then no other block can
// start in it; otherwise at the head's place in plane B, a second array of slots that is mapped
// where it is needed. A huge block (1 MiB and more) covers the slot for the third word anyway. So
// every record fits, and a heap of few sites costs 4 bytes a block.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/ids.h"
#include "preload/block_slots.h"

namespace heapdrift {

struct BlockRecord {
    SiteId site{0};  // 0: no record
    uint32_t generation = 0;
    uint64_t size = 0;     // requested
    bool watched = false;  // the loader's description of a module: see BlockTable::watch
};

class BlockTable {
public:
    struct Put {
        bool done;             // false: no memory for the table, nothing was entered
        BlockRecord replaced;  // site 0, or a record that stood there: freed behind our back
    };

    // spacing: the smallest distance between two blocks of the allocator, 16 or 32. It is 16 where
    // nothing is said: that leaves the pages of a table alone in which there are no blocks.
    void set_spacing(uint64_t spacing) { wider_ = shift_of(spacing) - shift_of(16); }
    static constexpr uint32_t shift_of(uint64_t spacing) { return spacing == 32 ? 5 : 4; }

    // Enters a block; its generation is at most kLastGeneration.
    Put put(uint64_t address, const BlockRecord& record);
    // Removes a block's record and returns it; site 0 when there is none.
    BlockRecord take(uint64_t address);

    // Orders: slots are relaxed, since one thread owns a block at a time and hands it to the next
    // by means of its own. Pointers to planes are published with release by whoever maps them and
    // read with acquire; what they point to is zero at first.
    using Slot = std::atomic<uint32_t>;

    // A block's slot, on its way into the cache while other things are done. nullptr where nothing
    // was entered near it lately.
    [[gnu::always_inline]] Slot* fetch_slot(uint64_t address, uint32_t shift) const {
        Slot* slot;
        if (!find(address, shift, slot)) [[unlikely]]
            return nullptr;
        __builtin_prefetch(slot, 1);
        return slot;
    }

    // The same, inline: false where it is not as simple as nearly always, and nothing was done.
    // Sizes come mixed, and a branch on them would be mispredicted each time they change, behind a
    // chain of loads. So both forms of a record are made without one.
    // slot: fetch_slot's. shift: shift_of(spacing), a constant in the hooks.
    [[gnu::always_inline]] bool put_ordinary(Slot* slot, uint64_t address, SiteId site,
                                             uint32_t generation, uint64_t size, uint32_t shift) {
        if (slot == nullptr) [[unlikely]]
            return false;
        const uint32_t returns = begin_write();
        const uint64_t fits = mask_of(slots::fits_short(site, size));
        const uint64_t wide = mask_of((size >> slots::kLowSizeBits == 0) &
                                      slots::covers_next_slot(address, size, shift));
        if ((fits | wide) == 0 || !slots::is_free(slot->load(std::memory_order_relaxed)))
            [[unlikely]]
            return false;
        // What the short form does not write goes aside.
        Slot aside;
        auto* following = reinterpret_cast<Slot*>(
            select(fits, reinterpret_cast<uint64_t>(&aside), reinterpret_cast<uint64_t>(slot + 1)));
        following->store(slots::continuation(generation, size), std::memory_order_relaxed);
        slot->store(select(fits, slots::short_slot(site, generation, size), slots::wide_head(site)),
                    std::memory_order_relaxed);
        if (returned_since(returns)) [[unlikely]] {
            slot->store(0, std::memory_order_relaxed);
            return false;
        }
        return true;
    }
    [[gnu::always_inline]] bool take_ordinary(uint64_t address, BlockRecord& record,
                                              uint32_t shift) {
        Slot* slot;
        if (!find(address, shift, slot)) [[unlikely]]
            return false;
        const uint32_t head = slot[0].load(std::memory_order_relaxed);
        const uint32_t following = slot[1].load(std::memory_order_relaxed);
        const uint64_t fits = mask_of((head & slots::kShort) != 0);
        const uint32_t unusual =
            ((head & (slots::kTagMask | slots::kInPlaneB | slots::kWatched | slots::kHuge)) ^
             slots::kWide) |
            (following & slots::kTagMask);
        if (select(fits, 0u, unusual) != 0) [[unlikely]]
            return false;
        clear_head(slot);
        record = {SiteId{select(fits, head >> 17, head >> slots::kSiteShift)},
                  select(fits, head >> 7, following >> 2) & slots::kGenerationMask,
                  select(fits, head >> 1 & slots::kShortMaxSize, following >> 12), false};
        return true;
    }

    // Marks a live block so that take() tells of it. The caller must know that the block is not
    // freed meanwhile. Returns false if there is no such block.
    bool watch(uint64_t address);

    // Looks at the next stretch of the table for pages without a live record and gives them back to
    // the kernel. False when the end was reached, and the next call begins anew. Only one thread
    // does it at a time; another one finds nothing to do. See block_table_return.cc.
    bool return_some_pages();
    // Once, while the process is single-threaded.
    static void prepare_return();
    // In a fork child: the thread that was about to return pages is not there.
    void forget_return() {
        returns_.store(0, std::memory_order_relaxed);
        returning_.store(false, std::memory_order_relaxed);
        return_at_ = 0;
    }

    // For a scan's copy of the process, which needs the records: fork children find them while
    // `kept`, and otherwise zeros. False where the kernel refused.
    bool keep_on_fork(bool kept);
    // In a fork child that was made meanwhile: drops the parent's records.
    void clear();

    // All records in the order of their addresses: visit(lowest possible address, record). For
    // blocks 32 bytes apart, the block may also begin 16 bytes behind.
    template <typename Visit>
    void for_each(Visit visit) const;

    // Table memory that is resident, in bytes. Asks the kernel for each leaf: for rare use.
    uint64_t resident_bytes() const;

    static constexpr uint64_t kHighestAddress = uint64_t{1} << 47;

private:
    static constexpr uint32_t kLeafBits = 19;  // 2 MiB of slots, a huge page; mlockall fills them
    static constexpr uint32_t kMidBits = 11;
    // A page more than the slots: the last slots of a leaf have continuations too.
    static constexpr uint64_t kHugePageSize = sizeof(uint32_t) << kLeafBits;
    static constexpr uint64_t kPlaneSize = kHugePageSize + 4096;
    static constexpr uint32_t kRootSize = 1u << (47 - 4 - kLeafBits - kMidBits);

    struct Planes {
        std::atomic<Slot*> a;
        std::atomic<Slot*> b;
    };
    struct Place {
        Planes* planes = nullptr;
        Slot* a = nullptr;  // the block's slot; nullptr: nothing was ever entered near here
        uint32_t index = 0;
    };

    // Planes A of the leaves used lately, so that a slot is one load away instead of three. An
    // entry is one word: the plane's address, and above it which of the leaves with this index it
    // is of, plus 1.
    static constexpr uint32_t kRecentLeaves = 1024;
    static constexpr uint32_t kPointerBits = 48;

    [[gnu::always_inline]] bool find(uint64_t address, uint32_t shift, Slot*& slot) const {
        const uint64_t number = slot_number(address, shift);
        const uint64_t leaf = number >> kLeafBits;
        // Acquire: pairs with the release in remember.
        const uint64_t entry = recent_leaves_[leaf % kRecentLeaves].load(std::memory_order_acquire);
        // The address alone, if it is of this leaf. Leaves beyond kHighestAddress are never
        // entered.
        const uint64_t plane = entry ^ (leaf / kRecentLeaves + 1) << kPointerBits;
        if (plane >> kPointerBits != 0) [[unlikely]]
            return false;
        slot = reinterpret_cast<Slot*>(plane) + (number & ((1u << kLeafBits) - 1));
        return true;
    }
    void remember(const Place& place, uint64_t address);
    Place place_of(uint64_t address) const;
    Place place_or_map(uint64_t address);
    static Slot* map_plane(std::atomic<Slot*>& plane, bool huge);
    // Whether a new leaf gets a huge page: see block_table_huge.cc.
    bool follows_dense_leaves(uint64_t address) const;
    static bool is_dense(const Slot* a);

    // Of a block's slot. Leaves of blocks 16 bytes apart come in pairs: even, odd.
    [[gnu::always_inline]] static uint64_t slot_number(uint64_t address, uint32_t shift) {
        const uint64_t number = address >> 5;
        if (shift == 5) return number;
        return (number >> kLeafBits << 1 | (address >> 4 & 1)) << kLeafBits |
               (number & ((1u << kLeafBits) - 1));
    }
    // A choice without a branch, whatever the compiler thinks.
    static uint64_t mask_of(bool condition) {
        uint64_t mask = 0 - uint64_t{condition};
        asm("" : "+r"(mask));
        return mask;
    }
    template <typename Word>
    static Word select(uint64_t mask, Word one, Word other) {
        return other ^ ((one ^ other) & static_cast<Word>(mask));
    }
    // What the slots at `slot`, whose head is given, say of a block.
    static BlockRecord read_record(const Slot* slot, uint32_t head, const Slot* in_plane_b);
    // Last of all that is done to a record: without its head the page may go.
    static void clear_head(Slot* slot) {
        std::atomic_signal_fence(std::memory_order_seq_cst);
        slot->store(0, std::memory_order_relaxed);
    }
    // visit(top, mid): what root_[top] leads to.
    template <typename Visit>
    void for_each_mid(Visit visit) const;
    template <typename Visit>
    void for_each_plane(Visit visit) const;

    bool write_special(const Place& place, uint64_t address, const BlockRecord& record);
    bool write(const Place& place, uint64_t address, const BlockRecord& record);
    bool write_surely(const Place& place, uint64_t address, const BlockRecord& record);

    // Reads returns_. The fences keep the compiler from moving writes out of the stretch.
    uint32_t begin_write() const {
        const uint32_t returns = returns_.load(std::memory_order_relaxed);
        std::atomic_signal_fence(std::memory_order_seq_cst);
        return returns;
    }
    // Whether pages were, or are being, returned since: then what was written may be gone.
    bool returned_since(uint32_t before) const {
        std::atomic_signal_fence(std::memory_order_seq_cst);
        return returns_.load(std::memory_order_relaxed) != before || phase(before) != kIdle;
    }
    // Whether a record at this slot lies in the pages that are being returned.
    bool is_being_returned(const Slot* slot) const;
    struct Stretch;
    bool next_stretch(Stretch& stretch);
    void return_pages(const Stretch& stretch, const uint8_t* resident);

    uint32_t slot_shift() const { return shift_of(16) + wider_; }
    uint32_t wider_ = 0;

    // How often pages were returned, times 4, and how far the present return is. Stands with what
    // every operation reads.
    static constexpr uint32_t kIdle = 0;
    static constexpr uint32_t kLooking = 1;   // whether pages are empty; can be called off
    static constexpr uint32_t kDropping = 2;  // those that are
    static constexpr uint32_t kPhases = 4;
    static uint32_t phase(uint32_t returns) { return returns % kPhases; }
    std::atomic<uint32_t> returns_{0};
    // The first slot of plane A that the present return, or the last one, looks at.
    std::atomic<const Slot*> returned_from_{nullptr};
    std::atomic<bool> returning_{false};
    uint64_t return_at_ = 0;  // number of the next stretch; belongs to whoever set returning_
    std::atomic<uint64_t> recent_leaves_[kRecentLeaves] = {};
    std::atomic<Planes*> root_[kRootSize] = {};
    // A bit for each of 64 stretches of root_ that something is in: it has 16 pages, of which most
    // processes use two.
    static constexpr uint32_t kTopsPerStretch = kRootSize / 64;
    std::atomic<uint64_t> used_stretches_{0};
};

template <typename Visit>
void BlockTable::for_each_mid(Visit visit) const {
    for (uint64_t left = used_stretches_.load(std::memory_order_relaxed); left != 0;
         left &= left - 1) {
        const uint64_t first = static_cast<uint64_t>(__builtin_ctzll(left)) * kTopsPerStretch;
        for (uint64_t top = first; top < first + kTopsPerStretch; ++top)
            if (Planes* mid = root_[top].load(std::memory_order_acquire)) visit(top, mid);
    }
}

template <typename Visit>
void BlockTable::for_each(Visit visit) const {
    for_each_mid([&](uint64_t top, const Planes* mid) {
        // Leaves of the same addresses go together.
        const uint32_t together = slot_shift() == 5 ? 1 : 2;
        for (uint32_t i = 0; i < 1u << kMidBits; i += together) {
            const uint64_t first = (top << kMidBits | i) / together << (kLeafBits + 5);
            const Slot* a[2] = {};
            const Slot* b[2] = {};
            for (uint32_t odd = 0; odd < together; ++odd) {
                a[odd] = mid[i + odd].a.load(std::memory_order_acquire);
                b[odd] = mid[i + odd].b.load(std::memory_order_acquire);
            }
            if (a[0] == nullptr && a[1] == nullptr) continue;
            for (uint32_t index = 0; index < 1u << kLeafBits; ++index) {
                for (uint32_t odd = 0; odd < together; ++odd) {
                    if (a[odd] == nullptr) continue;
                    const uint32_t head = a[odd][index].load(std::memory_order_relaxed);
                    if (slots::is_free(head)) continue;
                    visit(first + uint64_t{index} * 32 + odd * 16,
                          read_record(a[odd] + index, head,
                                      b[odd] == nullptr ? nullptr : b[odd] + index));
                }
            }
        }
    });
}

}  // namespace heapdrift
