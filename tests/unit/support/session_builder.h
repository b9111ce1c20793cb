// Writes the bytes of a session as a recorder does, record by record, so that tests can build
// any history and any damage. The owner's half of the undo protocol (core/session_format.h, Cell)
// is here too, as touch().
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/session_format.h"

namespace heapdrift::testing {

class SessionBuilder {
public:
    SessionBuilder();
    ~SessionBuilder();
    SessionBuilder(const SessionBuilder&) = delete;
    SessionBuilder& operator=(const SessionBuilder&) = delete;

    Header& header();

    uint32_t add_module(std::string_view path, std::string_view build_id_hex, uint64_t start,
                        uint64_t end);
    uint32_t add_root(Domain domain, StackEnd end = StackEnd::complete);
    uint32_t add_node(uint32_t parent, uint32_t module, uint64_t address,
                      FrameKind kind = FrameKind::native);
    uint32_t add_site(uint32_t node, Domain domain);
    // A site by its absolute return addresses, innermost first; modules are found by range.
    uint32_t add_stack(const std::vector<uint64_t>& addresses, Domain domain = Domain::heap,
                       StackEnd end = StackEnd::complete);
    uint32_t add_thread(uint32_t tid, std::string_view name, uint32_t table, uint64_t allocations,
                        uint64_t allocated_bytes);

    Cell& cell(uint32_t table, uint32_t site);
    // What the owner of a cell does before it counts: keep the values that a held snapshot needs.
    // Returns the cell, stamped.
    Cell& touch(uint32_t table, uint32_t site);
    void allocate(uint32_t table, uint32_t site, uint64_t bytes, uint64_t times = 1);
    void deallocate(uint32_t table, uint32_t site, uint64_t bytes, uint64_t times = 1,
                    bool temporary = false);
    // The key as aged_key makes it, or as a damaged file might hold it.
    void add_aged(uint32_t table, uint64_t key, uint64_t deallocations, uint64_t bytes);
    uint32_t snapshot(SnapshotKind kind, uint64_t time_ns, std::string_view label = "");

    // Whether a snapshot in (since, until] is held: values from then are needed.
    bool any_held(uint32_t since, uint32_t until);

    // One more segment of a scan's result, zeroed.
    ScanSegment& add_scan_segment();

    // The next event of CUDA's.
    CudaEvent& add_cuda_event();

    void embed_symbols(std::span<const std::byte> encoded);

    std::span<const std::byte> bytes() const { return {base_, size_}; }
    std::span<std::byte> writable_bytes() { return {base_, size_}; }
    void write(const std::string& path) const;

    uint64_t undo_entries() const { return undo_entries_; }
    uint64_t reused_undo_entries() const { return reused_undo_entries_; }

private:
    struct ModuleRange {
        uint64_t start;
        uint64_t end;
    };

    std::byte* add_segment(SegmentKind kind, uint32_t ordinal);
    template <typename Record>
    Record& record(SegmentKind kind, uint32_t id);
    std::byte* add_page(PageKind kind, uint32_t table, uint32_t index);
    template <PageKind kind, typename Entry>
    void add_undo(std::vector<Entry*>& entries, uint32_t table, const EarlierValues& earlier);

    std::byte* base_;
    size_t size_ = 0;
    std::map<std::pair<SegmentKind, uint32_t>, std::byte*> segments_;
    uint32_t page_count_ = 0;
    std::map<std::pair<uint32_t, uint32_t>, Cell*> cell_pages_;
    std::map<uint32_t, std::vector<SmallUndoEntry*>> small_undo_;
    std::map<uint32_t, std::vector<MediumUndoEntry*>> medium_undo_;
    std::map<uint32_t, std::vector<UndoEntry*>> undo_;
    std::map<uint32_t, std::vector<AgedDeallocations*>> aged_;
    std::vector<ModuleRange> modules_;
    std::map<std::pair<Domain, StackEnd>, uint32_t> roots_;
    std::map<std::pair<uint32_t, uint64_t>, uint32_t> nodes_;
    uint32_t scan_segments_ = 0;
    uint64_t undo_entries_ = 0;
    uint64_t reused_undo_entries_ = 0;
};

}  // namespace heapdrift::testing
