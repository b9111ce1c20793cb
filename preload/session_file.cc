#include "preload/session_file.h"

#include <errno.h>

#include "preload/error_text.h"
#include "preload/message.h"
#include "preload/page_memory.h"
#include "preload/signals_blocked.h"
#include "preload/syscalls.h"
#include "preload/vdso_clock.h"

namespace heapdrift {
namespace {

constexpr uint64_t kSmallestUnit = 6 * kSegmentSize;
constexpr uint64_t kLargestUnit = 64 * kSegmentSize;
constexpr uint64_t kReservedAtOnce = 8 * kSegmentSize;

// What a small program needs of each kind; the rest is taken when it is needed.
uint32_t first_piece(SegmentKind kind) {
    switch (kind) {
        case SegmentKind::threads:
        case SegmentKind::sites:
            return kPageSize;
        case SegmentKind::nodes:
        case SegmentKind::modules:
            return 2 * kPageSize;
        case SegmentKind::pages:
            return 4 * kPageSize;
        default:
            return kSegmentSize;
    }
}

}  // namespace

void SessionFile::forget() {
    struct stat status {};
    if (header_ != nullptr && !sys::failed(sys::call(SYS_fstat, fd_, sys::address(&status))) &&
        status.st_dev == device_ && status.st_ino == inode_)
        sys::close(fd_);
    header_ = nullptr;
    fd_ = 0;
    full_.store(false, std::memory_order_relaxed);
    page_count_.store(0, std::memory_order_relaxed);
    values_kept_.store(0, std::memory_order_relaxed);
    // A unit that the child makes is not in use before it has a size.
    for (uint32_t i = unit_count(); i-- > 0;) units_[i].size.store(0, std::memory_order_relaxed);
    unit_count_.store(0, std::memory_order_relaxed);
    first_open_unit_.store(0, std::memory_order_relaxed);
    for (auto& spare : spares_) spare.store(nullptr, std::memory_order_relaxed);
    // Only the entries in use: a pass over all would touch, and so copy, a megabyte in each child.
    const auto clear = [](SegmentPointer* segments) {
        for (; segments->load(std::memory_order_relaxed) != nullptr; ++segments)
            segments->store(nullptr, std::memory_order_relaxed);
    };
    clear(nodes_);
    clear(sites_);
    clear(modules_);
    clear(threads_);
    clear(pages_);
    clear(scans_);
    clear(cuda_events_);
    scan_count_ = 0;
}

uint64_t SessionFile::since_start_ns() const {
    return (monotonic_ns() - started_monotonic_ns_) * clock_rate_;
}

// The coarse clock may lag behind the start.
uint64_t SessionFile::since_start_coarse_ns() const {
    const uint64_t now = monotonic_coarse_ns();
    return now > started_monotonic_ns_ ? (now - started_monotonic_ns_) * clock_rate_ : 0;
}

int SessionFile::move_high(int fd) {
    const uint64_t limit = sys::limit(RLIMIT_NOFILE);
    const long wanted = limit > 1024 ? 1000 : static_cast<long>(limit - limit / 4);
    const long high = sys::call(SYS_fcntl, fd, F_DUPFD_CLOEXEC, wanted);
    if (sys::failed(high)) return fd;
    sys::close(fd);
    return static_cast<int>(high);
}

void SessionFile::stop_growing(const char* reason) {
    if (full_.exchange(true, std::memory_order_relaxed)) return;
    copy_text(header_->control.stop_reason, reason);
    header_->control.recording_stopped.store(1, std::memory_order_release);
    if (memory_confined()) return;
    say(Message()
        << header_->identity.session_path << " cannot grow: " << reason
        << "; call stacks not seen before are dropped and counted, all else is recorded on");
}

// Maps a new unit behind the end, to take segments from. Returns its first segment.
uint8_t* SessionFile::grow() {
    if (!may_grow()) return nullptr;
    // A handler that left by siglongjmp would leave a unit that is never finished.
    const SignalsBlocked blocked;
    const uint32_t number = unit_count_.fetch_add(1, std::memory_order_relaxed);
    if (number >= kMaxUnits) {
        unit_count_.store(kMaxUnits, std::memory_order_relaxed);
        stop_growing(error_text(-EFBIG));
        return nullptr;
    }
    const uint64_t end = file_end_.load(std::memory_order_relaxed);
    uint64_t size = end / 4 / kSegmentSize * kSegmentSize;
    size = size < kSmallestUnit ? kSmallestUnit : size > kLargestUnit ? kLargestUnit : size;
    // Another thread is at it already.
    if (number > 0 && units_[number - 1].size.load(std::memory_order_relaxed) == 0)
        size = kSegmentSize;
    const uint64_t offset = file_end_.fetch_add(size, std::memory_order_relaxed);
    // A large unit's last segment first: then the file is as long as what is mapped.
    const bool whole = size <= kReservedAtOnce;
    const uint64_t reserved = whole ? size : kSegmentSize;
    if (const long error = reserve(offset + size - reserved, reserved); error != 0) {
        stop_growing(error_text(error));
        return nullptr;
    }
    auto* start = static_cast<uint8_t*>(sys::map(size, MAP_SHARED, fd_, offset));
    if (start == nullptr) {
        stop_growing(error_text(-ENOMEM));
        return nullptr;
    }
    note_own_range(start, size);
    // Never back: another thread may have grown the file further meanwhile.
    Shared<uint32_t>& count = header_->control.segment_count;
    const auto segments = static_cast<uint32_t>((offset + size) / kSegmentSize);
    uint32_t known = count.load(std::memory_order_relaxed);
    while (known < segments &&
           !count.compare_exchange_weak(known, segments, std::memory_order_relaxed)) {
    }
    const auto segments_here = static_cast<uint32_t>(size / kSegmentSize);
    Unit& unit = units_[number];
    unit.start = start;
    unit.first = static_cast<uint32_t>(offset / kSegmentSize);
    unit.taken.store(1, std::memory_order_relaxed);
    unit.reserved.store(whole ? segments_here : 0, std::memory_order_relaxed);
    // Release: pairs with the acquire in take_from_unit.
    unit.size.store(segments_here, std::memory_order_release);
    return open_segment(unit, 0);
}

uint8_t* SessionFile::open_segment(Unit& unit, uint32_t number) {
    uint8_t* start = unit.start + number * kSegmentSize;
    if (number < unit.reserved.load(std::memory_order_relaxed)) return start;
    if (!may_grow()) return nullptr;
    if (const long error = reserve((uint64_t{unit.first} + number) * kSegmentSize, kSegmentSize);
        error != 0) {
        stop_growing(error_text(error));
        return nullptr;
    }
    return start;
}

uint8_t* SessionFile::take_from_unit() {
    const uint32_t count = unit_count();
    for (uint32_t i = first_open_unit_.load(std::memory_order_relaxed); i < count; ++i) {
        Unit& unit = units_[i];
        const uint32_t size = unit.size.load(std::memory_order_acquire);
        if (unit.taken.load(std::memory_order_relaxed) < size) {
            const uint32_t number = unit.taken.fetch_add(1, std::memory_order_relaxed);
            if (number < size) return open_segment(unit, number);
        }
        uint32_t first = i;
        if (size > 0)
            first_open_unit_.compare_exchange_strong(first, i + 1, std::memory_order_relaxed);
    }
    return nullptr;
}

uint8_t* SessionFile::take_segment() {
    // Acquire: pairs with the release in find_segment, of whoever had the segment before.
    for (auto& place : spares_)
        if (place.load(std::memory_order_relaxed) != nullptr)
            if (uint8_t* spare = place.exchange(nullptr, std::memory_order_acquire)) return spare;
    if (full_.load(std::memory_order_relaxed)) return nullptr;
    if (uint8_t* segment = take_from_unit()) return segment;
    return full_.load(std::memory_order_relaxed) ? nullptr : grow();
}

uint8_t* SessionFile::find_segment(SegmentPointer* segments, uint32_t ordinal, SegmentKind kind) {
    SegmentPointer& pointer = segments[ordinal];
    if (uint8_t* segment = pointer.load(std::memory_order_acquire)) return segment;
    uint8_t* taken = take_segment();
    if (taken == nullptr || !have_space(taken, first_piece(kind)))
        return pointer.load(std::memory_order_acquire);
    auto* head = reinterpret_cast<SegmentHeader*>(taken);
    head->ordinal = ordinal;
    uint8_t* expected = nullptr;
    if (!pointer.compare_exchange_strong(expected, taken, std::memory_order_acq_rel)) {
        // Another thread was first: the next one who needs a segment takes this.
        head->ordinal = 0;
        for (auto& place : spares_) {
            uint8_t* empty = nullptr;
            if (place.compare_exchange_strong(empty, taken, std::memory_order_release,
                                              std::memory_order_relaxed))
                break;
        }
        return expected;
    }
    // Release: pairs with the reader's acquire of kind; the ordinal is there before.
    head->kind.store(kind, std::memory_order_release);
    return taken;
}

template <typename Record>
Numbered<Record> SessionFile::add(SegmentPointer* segments, Shared<uint32_t>& count, uint32_t limit,
                                  uint32_t wanted) {
    constexpr SegmentKind kKind = std::is_same_v<Record, Node>        ? SegmentKind::nodes
                                  : std::is_same_v<Record, Site>      ? SegmentKind::sites
                                  : std::is_same_v<Record, Module>    ? SegmentKind::modules
                                  : std::is_same_v<Record, CudaEvent> ? SegmentKind::cuda_events
                                                                      : SegmentKind::threads;
    // Ids of nodes and sites start at 1, since 0 means none there.
    constexpr uint32_t kFirst = std::is_same_v<Record, Node> || std::is_same_v<Record, Site>;
    uint32_t next = count.load(std::memory_order_relaxed);
    uint32_t given = 0;
    do {
        const uint32_t first = next + kFirst;
        if (first >= limit) return {};
        // Limits are multiples of this.
        const uint32_t left = kPerSegment<Record> - first % kPerSegment<Record>;
        given = wanted < left ? wanted : left;
        // The segment first, then the id: an id that was given out always has its record.
        const uint8_t* segment = find_segment(segments, first / kPerSegment<Record>, kKind);
        const uint64_t end =
            sizeof(SegmentHeader) + (first % kPerSegment<Record> + given) * sizeof(Record);
        if (segment == nullptr || !have_space(segment, end)) return {};
    } while (!count.compare_exchange_weak(next, next + given, std::memory_order_relaxed));
    return {next + kFirst, &record_at<Record>(segments, next + kFirst), given};
}

template Numbered<Node> SessionFile::add(SegmentPointer*, Shared<uint32_t>&, uint32_t, uint32_t);
template Numbered<Site> SessionFile::add(SegmentPointer*, Shared<uint32_t>&, uint32_t, uint32_t);
template Numbered<Module> SessionFile::add(SegmentPointer*, Shared<uint32_t>&, uint32_t, uint32_t);
template Numbered<CudaEvent> SessionFile::add(SegmentPointer*, Shared<uint32_t>&, uint32_t,
                                              uint32_t);
template Numbered<ThreadRow> SessionFile::add(SegmentPointer*, Shared<uint32_t>&, uint32_t,
                                              uint32_t);

void* SessionFile::add_page(PageKind kind, uint32_t table, uint32_t index) {
    uint32_t next = page_count_.load(std::memory_order_relaxed);
    uint8_t* segment;
    do {
        if (next / kPagesPerSegment >= kMaxPageSegments) return nullptr;
        segment = find_segment(pages_, next / kPagesPerSegment, SegmentKind::pages);
        const uint64_t end = (next % kPagesPerSegment + 2) * kPageSize;
        if (segment == nullptr || !have_space(segment, end)) return nullptr;
    } while (!page_count_.compare_exchange_weak(next, next + 1, std::memory_order_relaxed));
    auto* pages = reinterpret_cast<PageSegment*>(segment);
    PageDescriptor& descriptor = pages->descriptors[next % kPagesPerSegment];
    descriptor.table = table;
    descriptor.index = index;
    // Release: pairs with the reader's acquire of kind.
    descriptor.kind.store(kind, std::memory_order_release);
    return pages->pages[next % kPagesPerSegment];
}

ScanSegment* SessionFile::add_scan_segment() {
    const uint32_t ordinal = scan_count_;
    if (ordinal == kMaxScanSegments) return nullptr;
    uint8_t* segment = find_segment(scans_, ordinal, SegmentKind::scan);
    if (segment == nullptr) return nullptr;
    ++scan_count_;
    return reinterpret_cast<ScanSegment*>(segment);
}

void SessionFile::remove() {
    sys::call(SYS_unlink, sys::address(header_->identity.session_path));
}

}  // namespace heapdrift
