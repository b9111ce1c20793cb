// One table of counters: for each site a Cell, in pages of the session file that appear on first
// use; the undo log that keeps the values snapshots need; and how old blocks were when they were
// freed. One thread writes it at a time; it outlives its thread and is handed to a later one.
#pragma once

#include <cstdint>

#include "preload/held_snapshots.h"
#include "preload/record_log.h"

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
    [[gnu::always_inline]] Cell* touch(SiteId site, uint32_t epoch) {
        const uint32_t index = raw(site) / kCellsPerPage;
        Cell* page = cells_.page(index);
        if (page == nullptr) [[unlikely]] {
            page = add_page(index);
            if (page == nullptr) return nullptr;
        }
        Cell* cell = &page[raw(site) % kCellsPerPage];
        if (cell->epoch.load(std::memory_order_relaxed) != epoch) [[unlikely]]
            keep_values(*cell, site, epoch);
        return cell;
    }

    // Whether a stack with this check was found to be the site's by a thread that had this table.
    [[gnu::always_inline]] bool vouches(SiteId site, uint64_t check) const {
        const Cell* page = cells_.page(raw(site) / kCellsPerPage);
        return page != nullptr && page[raw(site) % kCellsPerPage].stack_check == check;
    }
    // Without space nothing is kept, and the stack is compared again the next time.
    void vouch(SiteId site, uint64_t check) {
        const uint32_t index = raw(site) / kCellsPerPage;
        Cell* page = cells_.page(index);
        if (page == nullptr) page = add_page(index);
        if (page != nullptr) page[raw(site) % kCellsPerPage].stack_check = check;
    }

    // Counts the deallocation of blocks born in an earlier generation than that of `moment`; the
    // cell, touched already, counts it too. Without space the site's ages are incomplete.
    void count_aged(Cell& cell, SiteId site, uint32_t born, uint64_t moment, uint64_t deallocations,
                    uint64_t bytes);

private:
    [[gnu::cold]] Cell* add_page(uint32_t index);
    void keep_values(Cell& cell, SiteId site, uint32_t epoch);
    // False without space.
    bool append(const EarlierValues& earlier);
    template <typename Log>
    bool append_to(Log& log, const EarlierValues& earlier);
    bool find_aged(const Cell& cell, uint64_t key, uint32_t& number) const;
    bool begin_aged(Cell& cell, uint64_t key, uint32_t epoch, uint32_t& number);
    bool may_grow_aged() const;
    void refresh_held(uint32_t epoch);

    SessionFile* file_;
    TableId id_;
    PageDirectory<Cell, PageKind::counters> cells_;
    RecordLog<SmallUndoEntry, PageKind::small_undo> small_undo_;
    RecordLog<MediumUndoEntry, PageKind::medium_undo> medium_undo_;
    RecordLog<UndoEntry, PageKind::undo> undo_;
    RecordLog<AgedDeallocations, PageKind::aged> aged_;
    HeldSnapshots held_;
    uint32_t values_kept_;  // that the file's sum does not know yet
    // Numbers of aged entries used lately, by the hash of their key.
    static constexpr uint32_t kRecentAged = 256;
    uint32_t recent_aged_[kRecentAged];
};

}  // namespace heapdrift
