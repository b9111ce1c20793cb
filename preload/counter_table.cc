#include "preload/counter_table.h"

namespace heapdrift {

void CounterTable::close() {
    cells_.close();
    small_undo_.close();
    medium_undo_.close();
    undo_.close();
    aged_.close();
}

Cell* CounterTable::add_page(uint32_t index) {
    return cells_.add_page(*file_, id_, index);
}

void CounterTable::refresh_held(uint32_t epoch) {
    if (!held_.refresh(file_->header(), epoch)) return;
    small_undo_.look_again();
    medium_undo_.look_again();
    undo_.look_again();
    aged_.look_again();
}

template <typename Log>
bool CounterTable::append_to(Log& log, const EarlierValues& earlier) {
    refresh_held(earlier.until);
    uint32_t number;
    const bool dead = log.find_dead(number, [&](const auto& entry) {
        const uint32_t until = entry.until.load(std::memory_order_relaxed);
        // One of this very epoch would look the same to a reader before and after.
        return until != earlier.until &&
               (until == 0 || !held_.any_between(entry.since(until), until));
    });
    if (!dead && !log.append(*file_, id_, number)) return false;
    auto& entry = log.at(number);
    if (dead) {
        // A reader that copied half of it sees until change and starts again.
        entry.until.store(0, std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_release);
        file_->control().dead_undo_entries.fetch_add(1, std::memory_order_relaxed);
    }
    entry.write(earlier);
    entry.until.store(earlier.until, std::memory_order_release);
    return true;
}

bool CounterTable::append(const EarlierValues& earlier) {
    if (SmallUndoEntry::fits(earlier)) return append_to(small_undo_, earlier);
    if (MediumUndoEntry::fits(earlier)) return append_to(medium_undo_, earlier);
    return append_to(undo_, earlier);
}

// The order that readers rely on: the entry is complete (until, release), then the cell is stamped
// (epoch, release), then its counters change.
void CounterTable::keep_values(Cell& cell, SiteId site, uint32_t epoch) {
    const uint32_t since = cell.epoch.load(std::memory_order_relaxed);
    if (since != 0) {
        const EarlierValues earlier{since,
                                    epoch,
                                    raw(site),
                                    {cell.allocations.load(std::memory_order_relaxed),
                                     cell.allocated_bytes.load(std::memory_order_relaxed),
                                     cell.deallocations.load(std::memory_order_relaxed),
                                     cell.deallocated_bytes.load(std::memory_order_relaxed),
                                     cell.temporary.load(std::memory_order_relaxed),
                                     cell.reallocations.load(std::memory_order_relaxed)}};
        // Without space the stamp stays old, so that readers take the present values for those of
        // the snapshots since, rather than none. The session says that it could not grow.
        if (!append(earlier)) return;
        // All threads share the sum: seldom.
        constexpr uint32_t kStep = 64;
        if (++values_kept_ == kStep) {
            file_->values_kept().fetch_add(kStep, std::memory_order_relaxed);
            values_kept_ = 0;
        }
    }
    cell.epoch.store(epoch, std::memory_order_release);
    // The counters, which change next with relaxed stores, must not be seen before the stamp.
    std::atomic_thread_fence(std::memory_order_release);
}

void CounterTable::count_aged(Cell& cell, SiteId site, uint32_t born, uint64_t moment,
                              uint64_t deallocations, uint64_t bytes) {
    const uint64_t key = aged_key(raw(site), born, generation_of(moment));
    uint32_t& recent = recent_aged_[(raw(site) * 37 + born) % kRecentAged];
    if (recent >= aged_.count() || aged_.at(recent).key.load(std::memory_order_relaxed) != key) {
        uint32_t number;
        if (!find_aged(cell, key, number) && !begin_aged(cell, key, epoch_of(moment), number)) {
            file_->site(raw(site)).ages_incomplete.store(1, std::memory_order_relaxed);
            return;
        }
        recent = number;
    }
    AgedDeallocations& entry = aged_.at(recent);
    // Single writer, so no atomic addition.
    entry.deallocations.store(entry.deallocations.load(std::memory_order_relaxed) + deallocations,
                              std::memory_order_relaxed);
    entry.deallocated_bytes.store(entry.deallocated_bytes.load(std::memory_order_relaxed) + bytes,
                                  std::memory_order_relaxed);
}

// Along the entries of the site in this generation, the latest first.
bool CounterTable::find_aged(const Cell& cell, uint64_t key, uint32_t& number) const {
    for (uint32_t next = cell.latest_aged; next != 0;) {
        number = next - 1;
        const AgedDeallocations& entry = aged_.at(number);
        const uint64_t there = entry.key.load(std::memory_order_relaxed);
        if (there == key) return true;
        if (aged_site(there) != aged_site(key) || aged_freed(there) != aged_freed(key)) break;
        next = entry.earlier;
    }
    return false;
}

// What all tables together may spend on ages: some 4 MiB, and 128 bytes a site.
bool CounterTable::may_grow_aged() const {
    constexpr uint64_t kPages = 1024;
    constexpr uint64_t kSitesPerPage = 32;
    const Control& control = file_->control();
    return control.aged_pages.load(std::memory_order_relaxed) <
           kPages + control.site_count.load(std::memory_order_relaxed) / kSitesPerPage;
}

bool CounterTable::begin_aged(Cell& cell, uint64_t key, uint32_t epoch, uint32_t& number) {
    refresh_held(epoch);
    const bool dead = aged_.find_dead(number, [&](const AgedDeallocations& entry) {
        const uint64_t there = entry.key.load(std::memory_order_relaxed);
        // Those of this generation are linked to each other.
        return aged_freed(there) != aged_freed(key) &&
               !held_.any_generation_between(aged_born(there), aged_freed(there));
    });
    if (!dead) {
        const bool new_page = aged_.page_full();
        if ((new_page && !may_grow_aged()) || !aged_.append(*file_, id_, number)) return false;
        if (new_page) file_->control().aged_pages.fetch_add(1, std::memory_order_relaxed);
    }
    AgedDeallocations& entry = aged_.at(number);
    // A reader that copied half of it sees the key change and starts again.
    entry.key.store(0, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    entry.deallocations.store(0, std::memory_order_relaxed);
    entry.deallocated_bytes.store(0, std::memory_order_relaxed);
    entry.earlier = cell.latest_aged;
    if (entry.earlier != 0) {
        // Links lead to entries of the same site and generation only: those that are reused
        // meanwhile would make them go in circles.
        const uint64_t before = aged_.at(entry.earlier - 1).key.load(std::memory_order_relaxed);
        if (aged_site(before) != aged_site(key) || aged_freed(before) != aged_freed(key))
            entry.earlier = 0;
    }
    cell.latest_aged = number + 1;
    entry.key.store(key, std::memory_order_release);
    return true;
}

}  // namespace heapdrift
