// A growing array in the recorder's own memory, for the copy of the process that searches it.
#pragma once

#include <cstdint>

#include "preload/page_memory.h"

namespace heapdrift::scan {

template <typename T>
class Array {
public:
    // False without memory: then the item was not added, and failed() stays true.
    bool add(const T& item) {
        if (count_ == capacity_ && !grow()) return false;
        items_[count_++] = item;
        return true;
    }
    T& operator[](uint64_t i) { return items_[i]; }
    const T& operator[](uint64_t i) const { return items_[i]; }
    T& last() { return items_[count_ - 1]; }
    T take_last() { return items_[--count_]; }
    uint64_t count() const { return count_; }
    bool failed() const { return failed_; }
    uint64_t bytes() const { return capacity_ * sizeof(T); }
    T* begin() { return items_; }
    T* end() { return items_ + count_; }
    const T* begin() const { return items_; }
    const T* end() const { return items_ + count_; }
    void clear() { count_ = 0; }
    void release() {
        if (items_ != nullptr) unmap_pages(items_, capacity_ * sizeof(T));
        items_ = nullptr;
        count_ = capacity_ = 0;
    }

private:
    bool grow() {
        const uint64_t larger = capacity_ == 0 ? 64 * 1024 / sizeof(T) + 1 : 2 * capacity_;
        auto* copy = static_cast<T*>(map_pages(larger * sizeof(T)));
        if (copy == nullptr) {
            failed_ = true;
            return false;
        }
        if (count_ != 0) __builtin_memcpy(copy, items_, count_ * sizeof(T));
        if (items_ != nullptr) unmap_pages(items_, capacity_ * sizeof(T));
        items_ = copy;
        capacity_ = larger;
        return true;
    }

    T* items_ = nullptr;
    uint64_t count_ = 0;
    uint64_t capacity_ = 0;
    bool failed_ = false;
};

// A shell sort: no recursion, no memory, and the arrays sorted here are short or nearly in order.
template <typename T, typename Less>
void sort(Array<T>& items, Less less) {
    uint64_t gap = 1;
    while (gap < items.count() / 3) gap = 3 * gap + 1;
    for (; gap > 0; gap /= 3)
        for (uint64_t i = gap; i < items.count(); ++i) {
            const T item = items[i];
            uint64_t at = i;
            for (; at >= gap && less(item, items[at - gap]); at -= gap) items[at] = items[at - gap];
            items[at] = item;
        }
}

// Of ranges that ascend, the number of the first that ends behind an address, or how many there
// are.
template <typename Range>
uint64_t first_behind(const Array<Range>& ranges, uint64_t address) {
    uint64_t low = 0;
    uint64_t high = ranges.count();
    while (low < high) {
        const uint64_t middle = (low + high) / 2;
        if (ranges[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

}  // namespace heapdrift::scan
