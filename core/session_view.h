// The checked view of a session file: given its bytes, hands out records by id.
//
// The bytes may be mapped from a file that a recorder is still writing, that was left behind in
// the middle of a store, that was cut short, or that a stranger made up. So: no count and no
// offset from the file is used before it was copied and compared with the size of the bytes, and
// nothing outside them is ever read. What a record says of other records is only a claim: ids are
// checked again when they are looked up, and whoever follows parents must bound the walk.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/session_format.h"

namespace heapdrift {

enum class ViewError : uint32_t {
    none = 0,
    empty,          // no bytes at all
    not_heapdrift,  // the magic is something else
    unfinished,     // the magic was never written: the recorder ended while it created the file
    newer_version,
    cut_short,  // less than the header is there
    damaged_header,
};

// What went wrong, in words that follow the file's name and a colon.
const char* view_error_text(ViewError error);

struct PageRef {
    PageKind kind;
    uint32_t table;
    uint32_t index;
    const std::byte* data;  // kPageSize bytes

    const Cell& cell(uint32_t i) const { return reinterpret_cast<const Cell*>(data)[i]; }
    // visit(entry) for each undo entry, of whatever size; nothing on pages of another kind.
    template <typename Visit>
    void for_each_undo(Visit visit) const {
        if (kind == PageKind::undo) for_each<UndoEntry>(visit);
        if (kind == PageKind::medium_undo) for_each<MediumUndoEntry>(visit);
        if (kind == PageKind::small_undo) for_each<SmallUndoEntry>(visit);
    }
    const AgedDeallocations& aged(uint32_t i) const {
        return reinterpret_cast<const AgedDeallocations*>(data)[i];
    }

private:
    template <typename Entry, typename Visit>
    void for_each(Visit visit) const {
        const auto* entries = reinterpret_cast<const Entry*>(data);
        for (size_t i = 0; i < kPageSize / sizeof(Entry); ++i) visit(entries[i]);
    }
};

// Records that make no sense are left out and counted; the rest of the file still reads.
struct Damage {
    uint64_t count = 0;
    uint64_t first_offset = 0;
};

class SessionView {
public:
    // bytes must outlive the view and begin at a multiple of 64. What the file held at this
    // moment is what the view knows: a later view of a growing file knows more.
    explicit SessionView(std::span<const std::byte> bytes);

    ViewError error() const { return error_; }

    // All below: only when error() is none.
    const Header& header() const { return *reinterpret_cast<const Header*>(bytes_.data()); }
    uint32_t segment_count() const { return segment_count_; }
    // How much less is there than the header says; 0 unless the file was cut short.
    uint64_t missing_bytes() const { return missing_bytes_; }
    const Damage& damage() const { return damage_; }

    // nullptr where the id was never given out or its segment is missing. A record may be
    // unfinished: see the "written last" fields of session_format.h.
    const Node* node(uint32_t id) const { return find<Node>(SegmentKind::nodes, id); }
    const Site* site(uint32_t id) const { return find<Site>(SegmentKind::sites, id); }
    const Module* module(uint32_t id) const { return find<Module>(SegmentKind::modules, id); }
    const ThreadRow* thread(uint32_t row) const {
        return find<ThreadRow>(SegmentKind::threads, row);
    }
    // Ids from 0 up to, not including, this can exist.
    uint32_t site_limit() const { return limit<Site>(SegmentKind::sites); }
    uint32_t node_limit() const { return limit<Node>(SegmentKind::nodes); }
    uint32_t module_limit() const { return limit<Module>(SegmentKind::modules); }
    uint32_t thread_limit() const { return limit<ThreadRow>(SegmentKind::threads); }

    const std::vector<PageRef>& pages() const { return pages_; }

    const CudaEvent* cuda_event(uint32_t number) const {
        return find<CudaEvent>(SegmentKind::cuda_events, number);
    }
    uint32_t cuda_event_limit() const { return limit<CudaEvent>(SegmentKind::cuda_events); }

    // Segments of scans, in no order. What they say is not checked, and may change meanwhile.
    std::vector<const ScanSegment*> scans() const;

    // Payloads of the symbols segments, in order, up to the first that is missing.
    std::vector<std::span<const std::byte>> symbols() const;

private:
    static constexpr size_t kKinds = 9;

    ViewError check_header();
    void index_segments();
    void index_pages();
    void note_damage(uint64_t offset);

    template <typename Record>
    uint32_t limit(SegmentKind kind) const {
        return static_cast<uint32_t>(segments_[static_cast<size_t>(kind)].size()) *
               kPerSegment<Record>;
    }
    template <typename Record>
    const Record* find(SegmentKind kind, uint32_t id) const {
        const std::vector<uint32_t>& numbers = segments_[static_cast<size_t>(kind)];
        const uint32_t ordinal = id / kPerSegment<Record>;
        if (ordinal >= numbers.size() || numbers[ordinal] == 0) return nullptr;
        const auto* segment = reinterpret_cast<const Segment<Record>*>(
            bytes_.data() + numbers[ordinal] * kSegmentSize);
        return &segment->records[id % kPerSegment<Record>];
    }

    std::span<const std::byte> bytes_;
    ViewError error_ = ViewError::none;
    uint32_t segment_count_ = 0;
    uint64_t missing_bytes_ = 0;
    Damage damage_;
    // By kind: the segment's number in the file for each ordinal, 0 where it is missing.
    std::array<std::vector<uint32_t>, kKinds> segments_;
    std::vector<PageRef> pages_;
};

// A NUL-terminated string in a fixed field, which may lack its NUL. Copy it: the recorder may
// still be writing.
std::string_view bounded_text(const char* field, size_t size);

}  // namespace heapdrift
