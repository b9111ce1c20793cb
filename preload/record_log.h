// Records of one table, in pages of the session file that appear on first use. Private to the
// table's one writer is the directory of the pages, which is copied when it must grow.
#pragma once

#include <cstdint>

#include "preload/page_memory.h"
#include "preload/session_file.h"

namespace heapdrift {

template <typename Record, PageKind kind>
class PageDirectory {
public:
    static constexpr uint32_t kPerPage = kPageSize / sizeof(Record);

    // nullptr where there is none yet.
    Record* page(uint32_t index) const { return index < capacity_ ? pages_[index] : nullptr; }
    Record& at(uint32_t number) const { return pages_[number / kPerPage][number % kPerPage]; }
    // A page that will not be looked at soon: it stays in the file, and is mapped again by the
    // kernel when it is.
    void unmap(uint32_t index) const { give_back_pages(pages_[index], kPageSize); }

    // nullptr without space.
    Record* add_page(SessionFile& file, TableId table, uint32_t index) {
        if (index >= capacity_ && !grow(file, index)) return nullptr;
        return pages_[index] = static_cast<Record*>(file.add_page(kind, raw(table), index));
    }
    // Gives back what is not in the file.
    void close() {
        if (pages_ != nullptr) unmap_pages(pages_, capacity_ * sizeof(void*));
    }

private:
    bool grow(SessionFile& file, uint32_t wanted) {
        uint32_t larger = capacity_ == 0 ? kPageSize / sizeof(void*) : 2 * capacity_;
        while (larger <= wanted) larger *= 2;
        auto** copy = static_cast<Record**>(map_pages(larger * sizeof(void*)));
        if (copy == nullptr) return false;
        for (uint32_t i = 0; i < capacity_; ++i) copy[i] = pages_[i];
        file.control().own_bytes.fetch_add((larger - capacity_) * sizeof(void*),
                                           std::memory_order_relaxed);
        replace_pages(pages_, capacity_, copy, larger);
        return true;
    }

    Record** pages_;
    uint32_t capacity_;
};

// Records that are entered one after another, in the place of those that are of no use any more
// where there are such: so a log stays as long as the snapshots held require, however long the
// program runs.
template <typename Record, PageKind kind>
class RecordLog {
public:
    Record& at(uint32_t number) const { return pages_.at(number); }
    uint32_t count() const { return count_; }
    // Whether the next record to be appended needs another page.
    bool page_full() const { return pages_.page(count_ / kPerPage) == nullptr; }

    // A snapshot was dropped, so that records may be of no use any more.
    void look_again() { sweep_left_ = count_; }

    // Looks a few records further for one of no use. false: none there.
    template <typename IsDead>
    bool find_dead(uint32_t& number, IsDead is_dead) {
        constexpr uint32_t kProbes = 4;
        for (uint32_t i = 0; i < kProbes && sweep_left_ > 0; ++i) {
            --sweep_left_;
            sweep_at_ = sweep_at_ + 1 < count_ ? sweep_at_ + 1 : 0;
            if (sweep_at_ % kPerPage == 0) leave(sweep_at_ > 0 ? sweep_at_ - 1 : count_ - 1);
            number = sweep_at_;
            if (is_dead(at(number))) return true;
        }
        return false;
    }
    // A record of zeros. false: without space.
    bool append(SessionFile& file, TableId table, uint32_t& number) {
        if (page_full()) {
            if (pages_.add_page(file, table, count_ / kPerPage) == nullptr) return false;
            if (count_ > 0) leave(count_ - 1);
        }
        number = count_++;
        return true;
    }

    void close() { pages_.close(); }

private:
    static constexpr uint32_t kPerPage = PageDirectory<Record, kind>::kPerPage;
    // Of a shorter log all pages stay mapped.
    static constexpr uint32_t kMappedPages = 64;

    // The page of this record was the last one that was worked in.
    void leave(uint32_t number) const {
        if (kind != PageKind::aged && number / kPerPage >= kMappedPages)
            pages_.unmap(number / kPerPage);
    }

    PageDirectory<Record, kind> pages_;
    uint32_t count_;
    uint32_t sweep_at_;    // where the search goes on
    uint32_t sweep_left_;  // records to look at since a snapshot was last dropped
};

}  // namespace heapdrift
