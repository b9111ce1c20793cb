#include "analyzer/input/counters_at.h"

#include <atomic>
#include <optional>
#include <unordered_map>

namespace heapdrift::input {

namespace {

// A recorder that never lets a cell rest cannot hold a reader for ever: after so many tries the
// values are taken as they are, at most one operation apart.
constexpr int kReadTries = 64;

struct CellCopy {
    uint32_t epoch = 0;
    Counters values{};
};

CellCopy read_cell(const Cell& cell) {
    CellCopy copy;
    for (int i = 0; i < kReadTries; ++i) {
        // Acquire: pairs with the recorder's release of epoch, so that the undo entry of this
        // epoch is visible to whoever has seen it.
        copy.epoch = cell.epoch.load(std::memory_order_acquire);
        copy.values = {cell.allocations.load(std::memory_order_relaxed),
                       cell.allocated_bytes.load(std::memory_order_relaxed),
                       cell.deallocations.load(std::memory_order_relaxed),
                       cell.deallocated_bytes.load(std::memory_order_relaxed),
                       cell.temporary.load(std::memory_order_relaxed),
                       cell.reallocations.load(std::memory_order_relaxed)};
        std::atomic_thread_fence(std::memory_order_acquire);
        if (cell.epoch.load(std::memory_order_relaxed) == copy.epoch) break;
    }
    return copy;
}

// Nothing where the recorder is rewriting the entry: then it is of no use to any held snapshot.
template <typename Entry>
std::optional<EarlierValues> read_undo(const Entry& entry) {
    const uint32_t until = entry.until.load(std::memory_order_acquire);
    if (until == 0) return std::nullopt;
    const EarlierValues copy = entry.read(until);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (entry.until.load(std::memory_order_relaxed) != until) return std::nullopt;
    return copy;
}

void add(Counters& to, const Counters& more) {
    to.allocations += more.allocations;
    to.allocated_bytes += more.allocated_bytes;
    to.deallocations += more.deallocations;
    to.deallocated_bytes += more.deallocated_bytes;
    to.temporary += more.temporary;
    to.reallocations += more.reallocations;
}

uint64_t page_key(uint32_t table, uint32_t index) {
    return uint64_t{table} << 32 | index;
}

class Reader {
public:
    Reader(const SessionView& view, std::span<const uint32_t> points)
        : view_(view), points_(points), totals_(points.size()) {}

    std::vector<std::vector<Counters>> read() {
        for (const PageRef& page : view_.pages())
            if (page.kind == PageKind::counters) read_cells(page);
        for (const PageRef& page : view_.pages()) read_undo_entries(page);
        for (std::vector<Counters>& of_point : totals_) of_point.resize(view_.site_limit());
        return std::move(totals_);
    }

private:
    void read_cells(const PageRef& page) {
        const uint64_t first = uint64_t{page.index} * kCellsPerPage;
        if (first >= view_.site_limit()) return;
        const auto [entry, added] =
            page_numbers_.emplace(page_key(page.table, page.index), page_numbers_.size());
        if (!added) return;  // a second page of the same cells: only a damaged file has one
        wanted_.resize(page_numbers_.size() * points_.size());
        for (uint32_t i = 0; i < kCellsPerPage && first + i < view_.site_limit(); ++i) {
            const CellCopy copy = read_cell(page.cell(i));
            for (size_t point = 0; point < points_.size(); ++point) {
                if (points_[point] == kCurrent || copy.epoch < points_[point])
                    add(total(point, first + i), copy.values);
                else
                    wanted_[entry->second * points_.size() + point] |= uint64_t{1} << i;
            }
        }
    }

    void read_undo_entries(const PageRef& page) {
        page.for_each_undo([&](const auto& entry) { add_earlier(page.table, read_undo(entry)); });
    }

    void add_earlier(uint32_t table, const std::optional<EarlierValues>& earlier) {
        if (!earlier || earlier->site >= view_.site_limit()) return;
        const auto of_page = page_numbers_.find(page_key(table, earlier->site / kCellsPerPage));
        if (of_page == page_numbers_.end()) return;
        for (size_t point = 0; point < points_.size(); ++point) {
            const uint32_t snapshot = points_[point];
            if (snapshot == kCurrent || snapshot <= earlier->since || snapshot > earlier->until)
                continue;
            uint64_t& wanted = wanted_[of_page->second * points_.size() + point];
            const uint64_t bit = uint64_t{1} << (earlier->site % kCellsPerPage);
            if ((wanted & bit) == 0) continue;
            wanted &= ~bit;
            add(total(point, earlier->site), earlier->values);
        }
    }

    Counters& total(size_t point, uint64_t site) {
        std::vector<Counters>& of_point = totals_[point];
        if (of_point.size() <= site) of_point.resize(view_.site_limit());
        return of_point[site];
    }

    const SessionView& view_;
    std::span<const uint32_t> points_;
    std::vector<std::vector<Counters>> totals_;
    std::unordered_map<uint64_t, size_t> page_numbers_;
    // For each page and point, the cells whose value is still to be found in the undo log.
    std::vector<uint64_t> wanted_;
};

}  // namespace

std::vector<std::vector<Counters>> counters_at(const SessionView& view,
                                               std::span<const uint32_t> points) {
    return Reader(view, points).read();
}

}  // namespace heapdrift::input
