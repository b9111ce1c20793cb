#include "analyzer/input/integrity.h"

#include <fmt/format.h>

#include <array>
#include <set>
#include <utility>
#include <vector>

#include "analyzer/input/counters_at.h"
#include "analyzer/symbolize/symbol_table.h"

namespace heapdrift::input {

namespace {

class Checker {
public:
    Checker(const SessionView& view, const LoadedSession& loaded)
        : view_(view),
          loaded_(loaded),
          epoch_(epoch_of(view.header().control.moment.load())),
          running_(loaded.profile.session.ending == model::Ending::running) {}

    model::Integrity check() {
        check_file();
        check_stacks();
        if (!running_) {
            check_figures();
            check_pages();
        }
        check_snapshots();
        check_names();
        return std::move(integrity_);
    }

private:
    void report(const char* name, uint64_t count, const char* text) {
        if (count > 0)
            integrity_.damages.push_back({name, count, fmt::format("{} {}", count, text)});
    }

    void check_file() {
        integrity_.records += view_.segment_count();
        if (const uint64_t missing = view_.missing_bytes(); missing > 0)
            integrity_.damages.push_back(
                {"cut_short", missing, fmt::format("cut short by {} bytes", missing)});
        if (const Damage& damage = view_.damage(); damage.count > 0)
            integrity_.damages.push_back(
                {"segments", damage.count,
                 fmt::format("{} segments or pages of no known kind, or twice there, the first at "
                             "{:#x}",
                             damage.count, damage.first_offset)});
    }

    // Records that were never finished are zero.
    void check_stacks() {
        uint64_t nodes = 0;
        for (uint32_t id = 1; id < view_.node_limit(); ++id) {
            const Node* node = view_.node(id);
            if (node == nullptr) continue;
            ++integrity_.records;
            if (node->parent != 0) ++integrity_.frames;
            const bool is_root = node->kind == FrameKind::root;
            const bool no_kind = static_cast<uint32_t>(node->kind) > kLastFrameKind;
            const bool no_module =
                !is_root && node->module != kNoModule && node->module >= view_.module_limit();
            const bool no_parent = node->parent != 0 && view_.node(node->parent) == nullptr;
            if (no_kind || no_module || no_parent) ++nodes;
        }
        report("frames", nodes, "frames of no known kind, or whose caller or module is not there");
        uint64_t sites = 0;
        for (uint32_t id = 1; id < view_.site_limit(); ++id) {
            const Site* site = view_.site(id);
            if (site == nullptr) continue;
            ++integrity_.records;
            const uint32_t node = site->node.load(std::memory_order_acquire);
            if (node != 0) ++integrity_.sites;
            if (static_cast<uint32_t>(site->domain) >= kDomainCount ||
                (node != 0 && view_.node(node) == nullptr))
                ++sites;
        }
        report("sites", sites, "sites without a call stack, or of no known domain");
        if (!running_)
            report("stacks", loaded_.profile.losses.unfinished_sites,
                   "call stacks that cannot be followed to their end");
    }

    // A block is allocated before it is deallocated, whatever moment the process died in.
    void check_figures() {
        constexpr std::array<uint32_t, 1> kPoints = {kCurrent};
        uint64_t impossible = 0;
        const std::vector<Counters> sites = counters_at(view_, kPoints).front();
        for (const Counters& counters : sites)
            if (counters.deallocations > counters.allocations ||
                counters.deallocated_bytes > counters.allocated_bytes)
                ++impossible;
        report("figures", impossible, "sites with more deallocated than was allocated");
    }

    void check_pages() {
        uint64_t twice = 0;
        uint64_t cells = 0;
        uint64_t undo = 0;
        uint64_t aged = 0;
        std::set<std::pair<uint32_t, uint32_t>> seen;
        for (const PageRef& page : view_.pages()) {
            if (page.kind == PageKind::counters) {
                if (!seen.emplace(page.table, page.index).second) ++twice;
                cells += count(kCellsPerPage, [&](uint32_t i) { return wrong_cell(page, i); });
            } else if (page.kind == PageKind::aged) {
                aged += count(kAgedPerPage, [&](uint32_t i) { return wrong(page.aged(i)); });
            } else {
                page.for_each_undo([&](const auto& entry) {
                    ++integrity_.records;
                    undo += wrong_undo(entry) ? 1 : 0;
                });
            }
        }
        report("counter_pages", twice, "pages of counters that are there twice");
        report("counters", cells, "counters of a site that is not there, or of a later time");
        report("undo_entries", undo, "earlier figures without a site or a time");
        report("ages", aged, "ages of blocks without a site, or born after their end");
    }

    template <typename Wrong>
    uint64_t count(uint32_t records, Wrong wrong) {
        uint64_t found = 0;
        for (uint32_t i = 0; i < records; ++i) found += wrong(i) ? 1 : 0;
        integrity_.records += records;
        return found;
    }

    bool wrong_cell(const PageRef& page, uint32_t i) const {
        const Cell& cell = page.cell(i);
        const uint64_t counted = cell.allocations.load() | cell.deallocations.load() |
                                 cell.allocated_bytes.load() | cell.deallocated_bytes.load();
        if (cell.epoch.load() > epoch_) return true;
        const uint64_t site = uint64_t{page.index} * kCellsPerPage + i;
        return counted != 0 &&
               (site >= view_.site_limit() || view_.site(static_cast<uint32_t>(site)) == nullptr);
    }

    template <typename Entry>
    bool wrong_undo(const Entry& entry) {
        const uint32_t until = entry.until.load();
        if (until == 0) return false;
        ++integrity_.earlier_counters;
        const EarlierValues earlier = entry.read(until);
        return earlier.since >= until || until > epoch_ || earlier.site >= view_.site_limit();
    }

    bool wrong(const AgedDeallocations& entry) const {
        const uint64_t key = entry.key.load();
        return key != 0 && (aged_site(key) >= view_.site_limit() ||
                            aged_born(key) >= aged_freed(key) || aged_freed(key) > kLastGeneration);
    }

    // One that was just being opened when the process died has the number of the next epoch.
    void check_snapshots() {
        uint64_t wrong = 0;
        std::set<uint32_t> numbers;
        for (const SnapshotDescriptor& snapshot : view_.header().snapshots) {
            ++integrity_.records;
            const SnapshotState state = snapshot.state.load(std::memory_order_acquire);
            if (static_cast<uint32_t>(state) > static_cast<uint32_t>(SnapshotState::held)) ++wrong;
            if (state != SnapshotState::held || running_) continue;
            if (snapshot.number == 0 || snapshot.number > epoch_ + 1 ||
                static_cast<uint32_t>(snapshot.kind) > static_cast<uint32_t>(SnapshotKind::exit) ||
                !numbers.insert(snapshot.number).second)
                ++wrong;
        }
        report("snapshots", wrong, "snapshots of no known kind, or without a number of their own");
    }

    void check_names() {
        if (view_.symbols().empty()) return;
        const auto table = symbolize::SymbolTable::decode(loaded_.embedded_symbols);
        integrity_.names_embedded = table.has_value();
        if (table)
            integrity_.records += table->size();
        else
            integrity_.damages.push_back({"names", 1, "embedded names that cannot be read"});
    }

    static constexpr auto kLastFrameKind = static_cast<uint32_t>(FrameKind::jit);

    const SessionView& view_;
    const LoadedSession& loaded_;
    uint32_t epoch_;
    bool running_;
    model::Integrity integrity_;
};

}  // namespace

model::Integrity check_integrity(const OpenedSession& opened, const LoadedSession& loaded) {
    if (!loaded.profile.session.foreign_recorder.empty()) {
        model::Integrity integrity;
        integrity.records = loaded.profile.sites.size();
        return integrity;
    }
    const SessionView view(opened.file.bytes());
    if (view.error() != ViewError::none) {
        model::Integrity integrity;
        integrity.damages.push_back({"header", 1, view_error_text(view.error())});
        return integrity;
    }
    return check_integrity(view, loaded);
}

model::Integrity check_integrity(const SessionView& view, const LoadedSession& loaded) {
    return Checker(view, loaded).check();
}

}  // namespace heapdrift::input
