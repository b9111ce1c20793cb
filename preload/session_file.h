// The session file as the recorder sees it: created once per process image, grown in units of
// several segments that are mapped and never unmapped or moved.
//
// Space is taken with fallocate before it is written, so a full disk or RLIMIT_FSIZE is a failed
// call here and never a SIGBUS or SIGXFSZ in the program. For a large unit it is taken segment by
// segment: 4 MiB at once hold a thread for a millisecond where the file lies in tmpfs. The header
// and the first segments get theirs a few pages at a time, for a small program is not to pay for
// more than it uses. Growing is rare and takes no lock: two threads that need space at once each
// grow the file.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/session_format.h"
#include "preload/options.h"

namespace heapdrift {

// A record's place: nullptr when the file could not grow.
template <typename Record>
struct Numbered {
    uint32_t id = 0;
    Record* record = nullptr;
    uint32_t count = 0;  // of how many that follow each other it is the first
};

class SessionFile {
public:
    // Creates the file by options.output, exclusively and readable by its owner alone. Says on
    // stderr why when it cannot. An earlier image's file of the same process is closed (exec).
    bool create(const Options& options, bool forked);
    // Whether a file of the name that create would choose is there, of an earlier image of this
    // process perhaps; true where that cannot be told beforehand.
    static bool name_is_taken(const Options& options);
    // In a fork child: forget the parent's file. Its mapping stays, for code interrupted by the
    // fork that may still finish a store into it.
    void forget();

    Header& header() { return *header_; }
    Control& control() { return header_->control; }
    bool is_root() const { return header_->identity.root != 0; }
    uint64_t since_start_ns() const;
    uint64_t since_start_coarse_ns() const;  // to within some ms, for a few ns

    // The record with this id, which was given out before.
    Node& node(uint32_t id) { return record_at<Node>(nodes_, id); }
    Site& site(uint32_t id) { return record_at<Site>(sites_, id); }
    Module& module(uint32_t id) { return record_at<Module>(modules_, id); }
    ThreadRow& thread(uint32_t id) { return record_at<ThreadRow>(threads_, id); }

    // Gives out the next id with its zeroed record. Of nodes as many as are wanted, or, where the
    // segment ends, fewer.
    Numbered<Node> add_nodes(uint32_t wanted) {
        return add<Node>(nodes_, header_->control.node_count, kMaxNodes, wanted);
    }
    Numbered<Site> add_site() { return add<Site>(sites_, header_->control.site_count, kMaxSites); }
    Numbered<Module> add_module() {
        return add<Module>(modules_, header_->control.module_count, kMaxModules);
    }
    Numbered<ThreadRow> add_thread() {
        return add<ThreadRow>(threads_, header_->control.thread_count, kMaxThreadRows);
    }
    // A zeroed page, published to readers as belonging to (kind, table, index).
    void* add_page(PageKind kind, uint32_t table, uint32_t index);

    // The pages of counters of all tables, while they are written: visit(index, cells).
    template <typename Visit>
    void for_each_counters_page(Visit visit) const;

    // How many values of cells have been kept for snapshots, by all tables; in steps.
    std::atomic<uint64_t>& values_kept() { return values_kept_; }

    // Whoever holds the SnapshotLock asks before each snapshot. false: there is none for it.
    bool have_space_for_snapshot();

    // Takes the space of what is mapped, while the program still lets us make system calls.
    void reserve_units();

    // One more segment for the results of scans, zeroed. For one thread at a time.
    ScanSegment* add_scan_segment();

    Numbered<CudaEvent> add_cuda_event() {
        return add<CudaEvent>(cuda_events_, header_->cuda.event_count, kPerSegment<CudaEvent>);
    }
    CudaEvent& cuda_event(uint32_t number) { return record_at<CudaEvent>(cuda_events_, number); }
    uint32_t cuda_event_count() const {
        return header_->cuda.event_count.load(std::memory_order_relaxed);
    }

    // Unlinks the file: nothing in it is worth keeping.
    void remove();

    static constexpr uint32_t kMaxThreadRows = 1u << 16;
    static constexpr uint32_t kMaxScanSegments = 32768;

private:
    using SegmentPointer = std::atomic<uint8_t*>;
    static constexpr uint32_t kMaxNodes = 16384 * kPerSegment<Node>;
    static constexpr uint32_t kMaxSites = 8192 * kPerSegment<Site>;
    static constexpr uint32_t kMaxModules = 512 * kPerSegment<Module>;
    static constexpr uint32_t kMaxPageSegments = 65536;

    template <typename Record>
    Record& record_at(SegmentPointer* segments, uint32_t id) {
        // Acquire: pairs with the release in find_segment, which publishes a mapped segment.
        uint8_t* segment = segments[id / kPerSegment<Record>].load(std::memory_order_acquire);
        return reinterpret_cast<Segment<Record>*>(segment)->records[id % kPerSegment<Record>];
    }
    template <typename Record>
    Numbered<Record> add(SegmentPointer* segments, Shared<uint32_t>& count, uint32_t limit,
                         uint32_t wanted = 1);

    uint8_t* find_segment(SegmentPointer* segments, uint32_t ordinal, SegmentKind kind);
    uint8_t* take_segment();
    uint8_t* take_from_unit();
    uint8_t* grow();
    // Says why not.
    bool may_grow();
    bool reopen();
    // These three: 0, or a negative errno. Only reserve does without fallocate.
    long reserve_start();
    long reserve(uint64_t offset, uint64_t size);
    long allocate(uint64_t offset, uint64_t size) const;
    // Whether the segment has its space up to `end`, which is taken if need be.
    bool have_space(const void* segment, uint64_t end) {
        const auto at = reinterpret_cast<uint64_t>(segment) - reinterpret_cast<uint64_t>(header_);
        if (at >= kMappedAtStart) return true;
        const auto number = static_cast<uint32_t>(at / kSegmentSize);
        return end <= first_space_[number].load(std::memory_order_relaxed) ||
               take_space(number, static_cast<uint32_t>(end));
    }
    bool take_space(uint32_t segment, uint32_t wanted);
    // A number that programs neither expect to get from open nor close one by one.
    static int move_high(int fd);
    bool open_new(const Options& options, const char* program, uint32_t& image);
    void open_first_unit();
    void fill_identity(const Options& options, const char* program, uint32_t image, bool forked);
    void stop_growing(const char* reason);

    Header* header_ = nullptr;
    int fd_ = 0;  // where there is a header
    uint64_t device_ = 0;
    uint64_t inode_ = 0;
    uint64_t started_monotonic_ns_ = 0;
    uint64_t clock_rate_ = 0;
    std::atomic<uint64_t> file_end_{0};
    std::atomic<bool> full_{false};
    std::atomic<uint32_t> page_count_{0};
    std::atomic<uint64_t> values_kept_{0};
    uint32_t scan_count_ = 0;
    // The header's, one of each kind, and one to spare: a small program needs no second unit.
    static constexpr uint32_t kFirstSegments = 7;
    static constexpr uint64_t kMappedAtStart = kFirstSegments * kSegmentSize;
    std::atomic<uint32_t> first_space_[kFirstSegments] = {};  // bytes of each that have their space
    // Mapped segments that follow each other in the file. Those that several threads made at once
    // are used up one after the other.
    struct Unit {
        uint8_t* start;
        uint32_t first;                  // segment of the file
        std::atomic<uint32_t> size;      // in segments; 0 while it is being made
        std::atomic<uint32_t> taken;     // may be counted beyond size
        std::atomic<uint32_t> reserved;  // how many of the first segments have their space
    };
    uint8_t* open_segment(Unit& unit, uint32_t number);
    static constexpr uint32_t kMaxUnits = 8192;
    std::atomic<uint32_t> unit_count_{0};       // for a moment beyond kMaxUnits
    std::atomic<uint32_t> first_open_unit_{0};  // those before are used up
    Unit units_[kMaxUnits] = {};
    uint32_t unit_count() const {
        const uint32_t count = unit_count_.load(std::memory_order_relaxed);
        return count < kMaxUnits ? count : kMaxUnits;
    }
    // Segments whose takers lost a race: as many as threads that wait for the kernel at once.
    std::atomic<uint8_t*> spares_[64] = {};
    SegmentPointer nodes_[kMaxNodes / kPerSegment<Node>] = {};
    SegmentPointer sites_[kMaxSites / kPerSegment<Site>] = {};
    SegmentPointer modules_[kMaxModules / kPerSegment<Module>] = {};
    SegmentPointer threads_[kMaxThreadRows / kPerSegment<ThreadRow> + 1] = {};
    SegmentPointer pages_[kMaxPageSegments] = {};
    SegmentPointer scans_[kMaxScanSegments + 1] = {};
    SegmentPointer cuda_events_[2] = {};
};

template <typename Visit>
void SessionFile::for_each_counters_page(Visit visit) const {
    const uint32_t count = page_count_.load(std::memory_order_relaxed);
    for (uint32_t i = 0; i < count; ++i) {
        // Acquire: pairs with the release in find_segment, and then with that in add_page.
        uint8_t* segment = pages_[i / kPagesPerSegment].load(std::memory_order_acquire);
        if (segment == nullptr) continue;
        const auto* pages = reinterpret_cast<const PageSegment*>(segment);
        const PageDescriptor& descriptor = pages->descriptors[i % kPagesPerSegment];
        if (descriptor.kind.load(std::memory_order_acquire) != PageKind::counters) continue;
        visit(descriptor.index, reinterpret_cast<const Cell*>(pages->pages[i % kPagesPerSegment]));
    }
}

}  // namespace heapdrift
