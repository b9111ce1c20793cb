#include "preload/scopes.h"

#include "preload/page_memory.h"
#include "preload/recorder.h"
#include "preload/thread_local.h"

namespace heapdrift {
namespace {

struct SiteLive {
    uint64_t allocations;
    uint64_t bytes;
};

SiteLive live_in(const Cell& cell) {
    return {cell.allocations.load(std::memory_order_relaxed) -
                cell.deallocations.load(std::memory_order_relaxed),
            cell.allocated_bytes.load(std::memory_order_relaxed) -
                cell.deallocated_bytes.load(std::memory_order_relaxed)};
}

// visit(site, scope, cell) for the cells of all tables that may have counted something.
template <typename Visit>
void for_each_heap_cell(Visit visit) {
    const uint32_t sites = recorder.file.control().site_count.load(std::memory_order_relaxed);
    recorder.file.for_each_counters_page([&](uint32_t index, const Cell* cells) {
        for (uint32_t i = 0; i < kCellsPerPage; ++i) {
            const uint32_t number = index * kCellsPerPage + i;
            if (number == 0 || number > sites) continue;
            const Site& site = recorder.file.site(number);
            // Acquire: pairs with the release in SiteTable::site; scope and domain are there
            // before.
            if (site.node.load(std::memory_order_acquire) != 0 && site.scope != kNoScope &&
                site.domain == Domain::heap)
                visit(number, site.scope, cells[i]);
        }
    });
}

// Keeps the greatest so far, in descending order of bytes.
void insert(heapdrift_site* greatest, size_t& count, size_t capacity, const heapdrift_site& live) {
    size_t at = count < capacity ? count++ : count;
    for (; at > 0 && greatest[at - 1].live_bytes < live.live_bytes; --at)
        if (at < capacity) greatest[at] = greatest[at - 1];
    if (at < capacity) greatest[at] = live;
}

}  // namespace

bool ScopeTable::take(uint32_t number, State expected) {
    Entry& entry = entries_[number];
    if (entry.state.load(std::memory_order_relaxed) != expected ||
        !entry.state.compare_exchange_strong(expected, State::open, std::memory_order_acquire))
        return false;
    entry.serial.fetch_add(1, std::memory_order_relaxed);
    entry.outer.store(tls.mark, std::memory_order_relaxed);
    entry.owner.store(&tls, std::memory_order_relaxed);
    return true;
}

ScopeTable::Ticket ScopeTable::begin() {
    uint32_t number = 1;
    while (number < kIgnoredScope && !take(number, State::free)) ++number;
    if (number == kIgnoredScope) {
        // Blocks that were live when their mark was ended may be gone now.
        const Counts live = count_live();
        number = 1;
        while (number < kIgnoredScope && !(is_empty(number, live) && take(number, State::left)))
            ++number;
    }
    if (number == kIgnoredScope) return {};
    tls.mark = static_cast<Scope>(number);
    return {number, entries_[number].serial.load(std::memory_order_relaxed)};
}

bool ScopeTable::is_current(const Ticket& ticket) const {
    return ticket.number > 0 && ticket.number < kIgnoredScope &&
           entries_[ticket.number].serial.load(std::memory_order_relaxed) == ticket.serial &&
           entries_[ticket.number].state.load(std::memory_order_relaxed) == State::open;
}

// Whether it is the other, or was begun inside it.
bool ScopeTable::is_inside(uint32_t number, uint32_t outer) const {
    // No chain is longer than there are scopes, whatever other threads do meanwhile.
    for (uint32_t step = 0; number != outer && number != kNoScope && step < kIgnoredScope; ++step)
        number = entries_[number].outer.load(std::memory_order_relaxed);
    return number == outer;
}

// With all that was begun inside it: as long as these have live blocks, its number stands for it.
bool ScopeTable::is_empty(uint32_t number, const Counts& live) const {
    for (uint32_t each = 1; each < kIgnoredScope; ++each)
        if (live.of[each] != 0 && is_inside(each, number)) return false;
    return true;
}

void ScopeTable::close(uint32_t number) {
    // Release: pairs with the acquire in take.
    entries_[number].state.store(is_empty(number, count_live()) ? State::free : State::left,
                                 std::memory_order_release);
}

void ScopeTable::end(const Ticket& ticket) {
    if (!is_current(ticket) ||
        entries_[ticket.number].owner.load(std::memory_order_relaxed) != &tls)
        return;
    while (tls.mark != kNoScope) {
        const uint32_t number = tls.mark;
        tls.mark = static_cast<Scope>(entries_[number].outer.load(std::memory_order_relaxed));
        close(number);
        if (number == ticket.number) return;
    }
}

ScopeTable::Counts ScopeTable::count_live() {
    Counts live;
    for_each_heap_cell([&](uint32_t, Scope scope, const Cell& cell) {
        // One table alone may be below zero; the sum is not, for who frees a block got it from the
        // thread that counted its allocation.
        live.of[scope] += live_in(cell).allocations;
    });
    return live;
}

ScopeTable::Growth ScopeTable::growth(const Ticket& ticket, heapdrift_site* greatest,
                                      size_t capacity) const {
    if (!is_current(ticket)) return {};
    bool members[kIgnoredScope + 1] = {};
    for (uint32_t each = 1; each < kIgnoredScope; ++each)
        members[each] = is_inside(each, ticket.number);
    const uint32_t sites = recorder.file.control().site_count.load(std::memory_order_relaxed);
    const size_t bytes = (sites + 1) * sizeof(SiteLive);
    auto* counts = static_cast<SiteLive*>(map_pages(bytes));
    if (counts == nullptr) return {};
    for_each_heap_cell([&](uint32_t site, Scope scope, const Cell& cell) {
        if (!members[scope] || site > sites) return;
        const SiteLive live = live_in(cell);
        counts[site].allocations += live.allocations;
        counts[site].bytes += live.bytes;
    });
    Growth growth{.known = true};
    size_t count = 0;
    for (uint32_t site = 1; site <= sites; ++site) {
        const SiteLive& live = counts[site];
        if (live.allocations == 0) continue;
        ++growth.sites;
        growth.allocations += live.allocations;
        growth.bytes += live.bytes;
        insert(greatest, count, capacity, {site, live.allocations, live.bytes});
    }
    unmap_pages(counts, bytes);
    return growth;
}

void ScopeTable::forget() {
    for (Entry& entry : entries_) {
        // To write what stands there would copy a page in each fork child.
        if (entry.state.load(std::memory_order_relaxed) == State::free &&
            entry.outer.load(std::memory_order_relaxed) == kNoScope)
            continue;
        if (entry.state.load(std::memory_order_relaxed) != State::free)
            entry.serial.fetch_add(1, std::memory_order_relaxed);
        entry.state.store(State::free, std::memory_order_relaxed);
        entry.outer.store(kNoScope, std::memory_order_relaxed);
    }
}

}  // namespace heapdrift
