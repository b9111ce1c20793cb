// One table of counters: for each site a Cell, in pages of the session file that appear on first
// use, and the undo log that keeps the values snapshots need. One thread writes it at a time; it
// outlives its thread and is handed to a later one.
#pragma once

#include <cstdint>

#include "core/snapshot_table.h"
#include "preload/session_file.h"

namespace heapdrift {

class CounterTable {
public:
    // In memory that is zero. The file outlives the table.
    void open(SessionFile& file, TableId id) {
        file_ = &file;
        id_ = id;
    }
    // Gives back what is not in the file: in a fork child.
    void close();
    TableId id() const { return id_; }

    // The cell of a site, ready to be changed in `epoch`: what snapshots before need of its values
    // is in the undo log. nullptr without space.
    Cell* touch(SiteId site, uint32_t epoch) {
        const uint32_t page = raw(site) / kCellsPerPage;
        if (page >= capacity_ || pages_[page] == nullptr) [[unlikely]]
            if (!add_page(page)) return nullptr;
        Cell* cell = &pages_[page][raw(site) % kCellsPerPage];
        if (cell->epoch.load(std::memory_order_relaxed) != epoch) [[unlikely]]
            keep_values(*cell, site, epoch);
        return cell;
    }

private:
    bool add_page(uint32_t page);
    void keep_values(Cell& cell, SiteId site, uint32_t epoch);
    UndoEntry* take_entry(uint32_t epoch);
    UndoEntry* reuse_entry(uint32_t epoch);
    void refresh_held(uint32_t epoch);
    bool needed(uint32_t since, uint32_t until) const;
    template <typename T>
    bool grow(T**& array, uint32_t& capacity, uint32_t wanted);

    SessionFile* file_;
    TableId id_;
    Cell** pages_;
    uint32_t capacity_;
    uint32_t undo_capacity_;
    UndoEntry** undo_pages_;
    uint32_t undo_count_;
    uint32_t sweep_at_;    // where the search for dead entries goes on
    uint32_t sweep_left_;  // entries to look at since a snapshot was last dropped
    uint32_t held_epoch_;  // epoch as of which held_ was read
    uint32_t held_count_;
    uint32_t held_[kMaxSnapshots];  // numbers of held snapshots, ascending
};

}  // namespace heapdrift
