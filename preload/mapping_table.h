// The ranges that the program itself mapped. Mappings are rare next to allocations, so a lock is
// allowed here; it is never held across a call of the program's, and a fork child starts anew.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/ids.h"

namespace heapdrift {

// Part of a mapping that went away.
struct Unmapped {
    uint64_t start = 0;
    uint64_t end = 0;
    SiteId site{0};
    uint32_t generation = 0;  // of the mapping's birth
    uint32_t group = 0;
    bool last = false;  // nothing of the mapping is left
};

class MappingTable {
public:
    // Enters a range; parts of earlier ranges that it covers must have been removed before.
    // False without memory, or when the lock was not to be had.
    bool add(uint64_t start, uint64_t size, SiteId site, uint32_t generation);

    // Removes one piece of what is recorded in [start, start + size). To be called until none is
    // left. busy: the lock was not to be had.
    enum class Removal { done, none, busy };
    Removal remove_one(uint64_t start, uint64_t size, Unmapped& unmapped);

    // Enters a piece that was removed again: the program's call failed.
    bool put_back(const Unmapped& piece);

    // Keeps the table as it is until released, so that a copy of the process finds it whole. False
    // when the lock was not to be had.
    bool hold();
    void release();
    // For the copy: visit(start, end, site) for each range, in order.
    template <typename Visit>
    void for_each(Visit visit) const {
        for (uint32_t i = 0; i < count_; ++i) visit(at(i).start, at(i).end, at(i).site);
    }

    void forget();

private:
    // A mapping that was cut has several, which share its group.
    struct Range {
        uint64_t start;
        uint64_t end;
        SiteId site;
        uint32_t generation;
        uint32_t group;
    };

    // In order of their start.
    Range& at(uint32_t number) const {
        return ranges_[number < gap_ ? number : number + capacity_ - count_];
    }
    void move_gap(uint32_t to);
    uint32_t first_at_or_behind(uint64_t address) const;
    bool insert_at(uint32_t at, const Range& range);
    void erase_at(uint32_t at);
    bool group_lives(uint32_t group) const;

    std::atomic<bool> locked_{false};
    // What is free lies in one gap, where the last change was, and the next mostly is: the kernel
    // gives out addresses downwards, so that each new range would move all others.
    Range* ranges_ = nullptr;
    uint32_t count_ = 0;
    uint32_t capacity_ = 0;
    uint32_t gap_ = 0;         // how many ranges lie before it
    uint32_t last_group_ = 0;  // group 0: a mapping in one piece
};

}  // namespace heapdrift
