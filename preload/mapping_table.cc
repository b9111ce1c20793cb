#include "preload/mapping_table.h"

#include "preload/page_memory.h"
#include "preload/table_lock.h"

namespace heapdrift {

// The first range that ends behind address.
uint32_t MappingTable::first_at_or_behind(uint64_t address) const {
    uint32_t low = 0;
    uint32_t high = count_;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (at(middle).end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void MappingTable::move_gap(uint32_t to) {
    const uint32_t size = capacity_ - count_;
    for (; gap_ > to; --gap_) ranges_[gap_ - 1 + size] = ranges_[gap_ - 1];
    for (; gap_ < to; ++gap_) ranges_[gap_] = ranges_[gap_ + size];
}

bool MappingTable::insert_at(uint32_t number, const Range& range) {
    if (count_ == capacity_) {
        const uint32_t larger = capacity_ == 0 ? 128 : 2 * capacity_;
        auto* copy = static_cast<Range*>(map_pages(larger * sizeof(Range)));
        if (copy == nullptr) return false;
        for (uint32_t i = 0; i < count_; ++i) copy[i] = at(i);
        gap_ = count_;
        replace_pages(ranges_, capacity_, copy, larger);
    }
    move_gap(number);
    ranges_[gap_++] = range;
    ++count_;
    return true;
}

void MappingTable::erase_at(uint32_t number) {
    if (number < gap_) {
        move_gap(number + 1);
        --gap_;
    } else {
        move_gap(number);
    }
    --count_;
}

bool MappingTable::group_lives(uint32_t group) const {
    for (uint32_t i = 0; i < count_; ++i)
        if (at(i).group == group) return true;
    return false;
}

bool MappingTable::add(uint64_t start, uint64_t size, SiteId site, uint32_t generation) {
    const TableLock lock(locked_);
    return lock.held() &&
           insert_at(first_at_or_behind(start), {start, start + size, site, generation, 0});
}

MappingTable::Removal MappingTable::remove_one(uint64_t start, uint64_t size, Unmapped& unmapped) {
    const TableLock lock(locked_);
    if (!lock.held()) return Removal::busy;
    const uint64_t end = start + size;
    const uint32_t number = first_at_or_behind(start);
    if (number == count_ || at(number).start >= end) return Removal::none;
    Range& range = at(number);
    const uint64_t from = range.start > start ? range.start : start;
    const uint64_t to = range.end < end ? range.end : end;
    const bool whole = from == range.start && to == range.end;
    if (!whole && range.group == 0) range.group = ++last_group_;
    unmapped = {from, to, range.site, range.generation, range.group, false};
    if (whole) {
        const uint32_t group = range.group;
        erase_at(number);
        unmapped.last = group == 0 || !group_lives(group);
    } else if (from == range.start) {
        range.start = to;
    } else if (to == range.end) {
        range.end = from;
    } else {
        // Cut in two. Without memory for the second part it is forgotten here and stays counted as
        // live, which is true, until the process ends.
        const Range behind{to, range.end, range.site, range.generation, range.group};
        range.end = from;
        insert_at(number + 1, behind);
    }
    return Removal::done;
}

bool MappingTable::put_back(const Unmapped& piece) {
    const TableLock lock(locked_);
    return lock.held() &&
           insert_at(first_at_or_behind(piece.start),
                     {piece.start, piece.end, piece.site, piece.generation, piece.group});
}

bool MappingTable::hold() {
    return TableLock::hold(locked_);
}

void MappingTable::release() {
    TableLock::release(locked_);
}

void MappingTable::forget() {
    if (ranges_ != nullptr) unmap_pages(ranges_, capacity_ * sizeof(Range));
    ranges_ = nullptr;
    count_ = capacity_ = gap_ = 0;
    locked_.store(false, std::memory_order_relaxed);
}

}  // namespace heapdrift
