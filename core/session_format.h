// The session file: the whole contract between the recorder (preload/) and the analyzer.
//
// The recorder maps the file shared and works in it directly; there is no other copy of the
// figures. Whoever reads it may find the recorder killed between any two stores, or still writing.
// core/README.md describes the layout in prose, with the orders of writing a reader relies on.
//
// Version rule: kFormatVersion rises when a field moves or changes its meaning. Reserved bytes are
// zero and may be given a meaning without a new version, if zero keeps the old one.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/cuda_figures.h"
#include "core/domain.h"
#include "core/ids.h"
#include "core/shared.h"

namespace heapdrift {

inline constexpr std::array<char, 8> kMagic = {'H', 'E', 'A', 'P', 'D', 'R', 'F', 'T'};
inline constexpr uint32_t kFormatVersion = 1;

inline constexpr size_t kPageSize = 4096;
inline constexpr size_t kSegmentSize = 64 * 1024;
inline constexpr size_t kMaxSnapshots = 256;
// Scheduled snapshots held at once; one more and every second is dropped.
inline constexpr size_t kMaxScheduled = 96;
// Of the rest four are for the peak (two while one replaces the other), the exit, and one to spare.
inline constexpr size_t kMaxRequested = kMaxSnapshots - kMaxScheduled - 4;
inline constexpr size_t kMaxDepth = 1024;

enum class Mode : uint32_t { exact = 0, sampled = 1 };

enum class EndedBy : uint32_t {
    running = 0,  // nothing was noted: still running, or killed; the reader looks at the process
    exit = 1,     // exit, _exit, quick_exit or return from main; exit_status is the status
    exec = 2,     // the next image of the process found this file and closed it
    signal = 3,   // noted by `heapdrift run`, which waited for it; exit_status is the signal
};

// --- snapshots ---------------------------------------------------------------------------------

enum class SnapshotKind : uint8_t {
    scheduled = 0,
    requested = 1,  // heapdrift snapshot PID
    program = 2,    // heapdrift.h
    peak = 3,       // composition near the high-water mark; only the last one is held
    exit = 4,
};

enum class SnapshotState : uint32_t { free = 0, writing = 1, held = 2 };

inline constexpr uint16_t kSnapshotIdle = 1;  // taken late: nothing happened when it was due
inline constexpr size_t kLabelSize = 48;

// What a snapshot says of the process as a whole. Sites are found through the counters and the
// undo log. A slot is valid when state is held and number <= header.epoch.
struct SnapshotDescriptor {
    Shared<SnapshotState> state;
    uint32_t number;  // the epoch that this snapshot opened; see Cell
    SnapshotKind kind;
    uint8_t reserved0;
    uint16_t flags;
    uint32_t generation;      // birth generation opened by a scheduled snapshot
    uint64_t time_ns;         // since header.started_monotonic_ns
    uint64_t cost_ns;         // time the thread that took it was held
    uint64_t rss_anon_bytes;  // this and the next: kUnknownBytes where the kernel did not say
    uint64_t rss_file_bytes;
    uint64_t rss_shmem_bytes;
    uint64_t swap_bytes;
    uint64_t cgroup_current_bytes;
    uint64_t cgroup_limit_bytes;
    uint64_t peak_live_bytes;      // heap's high-water mark so far
    uint32_t pressure_some_avg10;  // PSI memory "some avg10", in hundredths of a percent
    uint32_t reserved1;
    char label[kLabelSize];  // NUL-terminated, "" for none
    uint8_t reserved2[64];
};
static_assert(sizeof(SnapshotDescriptor) == 208);

// --- the header --------------------------------------------------------------------------------

// Written once at start. Strings are NUL-terminated; a longer one is cut.
struct Identity {
    std::array<char, 8> magic;  // written last: a file without it was never finished being created
    uint32_t version;
    uint32_t segment_size;
    uint32_t pid;
    uint32_t parent_pid;
    uint64_t process_start_ticks;  // field 22 of /proc/PID/stat: tells a reused pid
    uint64_t started_realtime_ns;
    uint64_t started_monotonic_ns;  // CLOCK_MONOTONIC
    Mode mode;
    uint32_t uid;
    uint64_t sampling_interval_bytes;  // 0 in exact mode
    uint32_t image;                    // 0 for a process's first image, 1 after its first exec, …
    uint32_t forked;                   // 1 when recording began in a fork child
    char tool_version[32];
    char program[512];        // path of the executable
    char command_line[1024];  // as /proc/PID/cmdline: arguments divided by NUL
    uint32_t command_line_size;
    uint32_t root;            // 1 for the process that `heapdrift run` started itself
    char session_path[1024];  // where the file was created
    uint32_t merged;          // of how many recordings this is the sum; 0: of one process
};
static_assert(sizeof(Identity) <= kPageSize);

// Why something was not recorded. Names for users are in drop_reason_name.
enum class Drop : uint32_t {
    no_space = 0,      // the session file or our own memory could not grow
    reentrant = 1,     // a signal handler allocated while its thread was inside the recorder
    high_address = 2,  // block at or above 2^47
    thread_limit = 3,
};
inline constexpr size_t kDropReasons = 8;

constexpr const char* drop_reason_name(uint32_t reason) {
    constexpr const char* kNames[kDropReasons] = {"no space",           "inside a signal handler",
                                                  "address above 2^47", "too many threads",
                                                  "reserved (4)",       "reserved (5)",
                                                  "reserved (6)",       "reserved (7)"};
    return reason < kDropReasons ? kNames[reason] : "unknown";
}

// When in the run something happens, in one word, so that an operation falls into one epoch and one
// generation. A snapshot opens the epoch of its number; the counters touched afterwards carry it.
// Epochs start at 1: cells are born with epoch 0, before any snapshot. The generation is the number
// of scheduled snapshots so far, at most kLastGeneration; blocks carry that of their birth.
inline constexpr uint32_t kLastGeneration = 1023;
constexpr uint64_t moment_of(uint32_t epoch, uint32_t generation) {
    return uint64_t{generation} << 32 | epoch;
}
constexpr uint32_t epoch_of(uint64_t moment) {
    return static_cast<uint32_t>(moment);
}
constexpr uint32_t generation_of(uint64_t moment) {
    return static_cast<uint32_t>(moment >> 32);
}

// Why a scan has no result. Names for users are in scan_obstacle_text.
enum class ScanObstacle : uint32_t {
    none = 0,
    sampled = 1,   // most blocks are not known
    forked = 2,    // the parent's blocks are not known
    confined = 3,  // no system calls are made any more
    memory = 4,    // the copy of the process might not fit
    copy = 5,      // the kernel refused to copy the process
    file = 6,      // no space for the result in the session file
    ended = 7,     // the copy was killed, or needed too long
    own_memory = 8,
};

constexpr const char* scan_obstacle_text(ScanObstacle obstacle) {
    constexpr const char* kTexts[] = {
        "none",
        "in sampled mode most blocks are not known",
        "the process was forked, and the blocks of its parent are not known",
        "the program confined itself with seccomp",
        "memory is short: a copy of the process might not fit",
        "the kernel did not allow a copy of the process",
        "the session file has no space for the result",
        "the copy of the process was killed, or needed too long",
        "the recorder has more memory of its own than it keeps account of"};
    const auto index = static_cast<uint32_t>(obstacle);
    return index < sizeof(kTexts) / sizeof(*kTexts) ? kTexts[index] : "unknown";
}

// Words that change. Those written by many threads have a cache line of their own.
struct Control {
    alignas(64) Shared<uint64_t> moment;  // read at the head of every operation
    // 0, or CLOCK_MONOTONIC ns since when someone (in or outside the process) opens a snapshot.
    alignas(64) Shared<uint64_t> snapshot_lock;
    Shared<uint64_t> snapshot_due_ns;       // since start; when the schedule asks for the next
    Shared<uint64_t> snapshot_interval_ns;  // doubles with each thinning
    Shared<uint32_t> snapshots_refused;     // kMaxRequested were held
    alignas(
        64) Shared<uint32_t> segment_count;  // segments of the file in use, the header's included
    Shared<uint32_t> node_count;             // ids 1 … node_count were given out
    Shared<uint32_t> site_count;
    Shared<uint32_t> module_count;  // ids 0 … module_count - 1
    Shared<uint32_t> table_count;
    Shared<uint32_t> thread_count;
    // Live heap bytes, to within balance_slack_bytes: the sum of the two. The first is written by
    // the thread that owns table 0 alone, which then needs no atomic addition.
    alignas(64) Shared<int64_t> first_live_bytes;
    alignas(64) Shared<int64_t> other_live_bytes;
    Shared<uint64_t> peak_live_bytes;      // high-water mark of that sum
    Shared<uint64_t> peak_time_ns;         // since start
    Shared<uint64_t> balance_slack_bytes;  // how far the two above may lie from the truth
    alignas(64) Shared<uint64_t> dropped[kDropReasons];
    Shared<uint64_t>
        unknown_deallocations;  // of blocks we never saw: older than us, inherited, dropped
    Shared<uint64_t> missed_deallocations;  // a block appeared where a live one was still recorded
    Shared<uint64_t> own_bytes;             // anonymous memory that the recorder touched
    Shared<uint64_t> dead_undo_entries;     // undo entries that were reused
    Shared<uint64_t> aged_pages;            // pages of AgedDeallocations
    // Option verify=: stacks compared with libunwind's. unknown: libunwind did not come as far.
    Shared<uint64_t> verified_same;
    Shared<uint64_t> verified_different;
    Shared<uint64_t> verified_unknown;
    Shared<uint64_t> verified_fast;  // of all three: found without walking the whole stack
    alignas(64) Shared<EndedBy> ended_by;
    Shared<uint32_t> exit_status;
    Shared<uint64_t> ended_ns;       // since start
    Shared<uint64_t> exit_began_ns;  // 0, or when exit was called or main returned
    Shared<uint32_t> exit_began_epoch;
    Shared<uint32_t> recording_stopped;  // 1: something was wrong, see stop_reason
    char stop_reason[128];
    // 1: the program installed a seccomp filter, and we have made no system call since.
    Shared<uint32_t> confined;
    // Scans. Whoever wants one raises scan_requested; a thread of the target that finds it above
    // scan_started begins the scan, and scan_ended follows when its result is there or when
    // scan_obstacle says why there is none.
    alignas(64) Shared<uint32_t> scan_requested;
    Shared<uint32_t> scan_started;
    Shared<uint32_t> scan_ended;
    Shared<ScanObstacle> scan_obstacle;  // of the last scan; none: it went well
};
static_assert(sizeof(Control) <= kPageSize);

struct Header {
    Identity identity;
    alignas(kPageSize) Control control;
    alignas(kPageSize) SnapshotDescriptor snapshots[kMaxSnapshots];
    CudaFigures cuda;
    uint8_t reserved[kSegmentSize - 2 * kPageSize - sizeof(SnapshotDescriptor) * kMaxSnapshots -
                     sizeof(CudaFigures)];
};
static_assert(sizeof(Header) == kSegmentSize);
static_assert(offsetof(Header, control) == kPageSize);
static_assert(offsetof(Header, snapshots) == 2 * kPageSize);
static_assert(offsetof(Header, cuda) == 15 * kPageSize);

// --- segments ----------------------------------------------------------------------------------

// Everything behind the header is segments. Of each kind they are numbered 0, 1, …, and hold the
// records in order: record i of a kind is number i % N in segment i / N.
enum class SegmentKind : uint32_t {
    unused = 0,  // space taken, nothing in it
    nodes = 1,
    sites = 2,
    modules = 3,
    threads = 4,
    pages = 5,    // counters and undo entries, in pages
    symbols = 6,  // written by the analyzer when recording has ended: analyzer/symbolize
    scan = 7,     // what a scan found; see ScanSegment
    cuda_events = 8,
};

struct SegmentHeader {
    Shared<SegmentKind> kind;  // written last
    uint32_t ordinal;
    uint8_t reserved[56];
};
static_assert(sizeof(SegmentHeader) == 64);

template <typename Record>
inline constexpr uint32_t kPerSegment = (kSegmentSize - sizeof(SegmentHeader)) / sizeof(Record);

template <typename Record>
struct Segment {
    SegmentHeader header;
    Record records[kPerSegment<Record>];
};

// --- call stacks -------------------------------------------------------------------------------

enum class FrameKind : uint8_t {
    root = 0,         // no frame: the outer end of all stacks of one domain
    native = 1,       // address is a return address: look up address - 1
    interrupted = 2,  // address is where a signal struck: look up as it is
    label = 3,
    python = 4,  // reserved
    jit = 5,     // reserved
};

// How far out the frames of a root's stacks reach.
enum class StackEnd : uint8_t {
    complete = 0,     // to the thread's or the process's entry point
    depth_limit = 1,  // the innermost kMaxDepth (or option depth=) frames
    no_rule = 2,      // a frame without unwind information: JIT code, hand-written assembly
    unreadable = 3,   // the frame's slot is not memory of a stack
};

constexpr const char* stack_end_name(StackEnd end) {
    constexpr const char* kNames[] = {"complete", "depth limit", "no unwind rule", "unreadable"};
    const auto index = static_cast<uint32_t>(end);
    return index < 4 ? kNames[index] : "unknown";
}

inline constexpr uint32_t kNoModule = ~uint32_t{0};

// What a program said of its allocations while it made them (heapdrift.h). The trees of stacks of
// different scopes are apart, so that each scope has sites of its own.
using Scope = uint8_t;
inline constexpr Scope kNoScope = 0;
// 1 … 254: a mark's, between which the program asks for what is still live. Means nothing later.
inline constexpr Scope kIgnoredScope = 255;  // not to be reported as leaks

// A stack is the path from its innermost frame's node to a root. (parent, address) is unique but
// for rare duplicates, which the analyzer adds together.
struct Node {
    uint64_t address;       // absolute, in the address space of the recorded process; of a root: 0
    uint32_t parent;        // NodeId; 0 in a root
    uint32_t module;        // ModuleId, or kNoModule
    Shared<uint32_t> site;  // SiteId of the stack that ends here, 0 for none
    FrameKind kind;
    StackEnd end;   // of a root
    Domain domain;  // of a root
    Scope scope;    // of a root
};
static_assert(sizeof(Node) == 24);

// A site whose node is 0 was given a number but never finished: it has no counters.
struct Site {
    Shared<uint32_t> node;  // innermost frame; written last
    Domain domain;
    Shared<uint8_t> ages_incomplete;  // 1: some AgedDeallocations found no space
    Scope scope;
    uint8_t reserved;
};
static_assert(sizeof(Site) == 8);

inline constexpr uint32_t kModulePathCut = 1;  // path did not fit

struct Module {
    uint64_t start;  // mapped range, absolute
    uint64_t end;
    uint64_t load_bias;            // absolute address minus link-time address
    uint64_t loaded_ns;            // since start; when a stack first reached it
    Shared<uint64_t> unloaded_ns;  // 0 while loaded
    uint32_t flags;
    uint32_t build_id_size;  // 0 for none
    uint8_t build_id[32];
    Shared<uint32_t> path_size;  // without NUL; written last. 0: never finished
    uint32_t reserved;
    char path[936];
};
static_assert(sizeof(Module) == 1024);

// --- threads -----------------------------------------------------------------------------------

// One thread of the program. Its table of counters is handed on when it ends, so by thread only
// allocations are known, never live bytes. Threads beyond the limit have no row: what the rows lack
// to the totals is theirs.
struct ThreadRow {
    Shared<uint32_t> tid;  // written last
    uint32_t table;
    uint64_t started_ns;  // since start
    Shared<uint64_t> ended_ns;
    Shared<uint64_t> allocations;
    Shared<uint64_t> allocated_bytes;
    Shared<uint64_t> deallocations;
    char name[16];
};
static_assert(sizeof(ThreadRow) == 64);

// --- counters ----------------------------------------------------------------------------------

// live = allocations - deallocations, summed over all tables: a table alone can be negative, for
// the thread that frees counts in its own.
//
// In sampled mode (core/README.md) allocations and deallocations are in 1/kSampledCountUnit, bytes
// are estimates, and the last two hold variances.
inline constexpr uint64_t kSampledCountUnit = 256;

struct Counters {
    uint64_t allocations;
    uint64_t allocated_bytes;  // as requested
    uint64_t deallocations;
    uint64_t deallocated_bytes;
    uint64_t temporary;      // freed before the thread's next allocation
    uint64_t reallocations;  // allocations that realloc made from an earlier block
};
static_assert(sizeof(Counters) == 48);

// The counters of one site in one table. One writer. A snapshot costs nothing when it is taken:
// it only opens an epoch. A thread that finds a cell with an older epoch first appends the cell's
// values to its undo log, then stamps the cell, then counts. So the value of a cell at snapshot S
// is that of the undo entry with since < S <= until, if there is one, and the cell's own otherwise.
struct alignas(64) Cell {
    Shared<uint64_t> allocations;
    Shared<uint64_t> allocated_bytes;
    Shared<uint64_t> deallocations;
    Shared<uint64_t> deallocated_bytes;
    Shared<uint64_t> temporary;
    Shared<uint64_t> reallocations;
    Shared<uint32_t> epoch;
    uint32_t latest_aged;  // the recorder's own: see AgedDeallocations.earlier
    uint64_t reserved;
};
static_assert(sizeof(Cell) == 64);

struct UndoEntry {
    Shared<uint32_t> until;  // written last; 0 while the entry is empty or being reused
    uint32_t since;          // the cell's epoch before: values hold for snapshots in (since, until]
    uint32_t site;
    uint32_t reserved;
    Counters values;
};
static_assert(sizeof(UndoEntry) == 64);

// How many blocks of one site, born in one generation, one table deallocated in a later one. Of the
// generation of their birth are all other deallocations. So of the blocks born between two held
// scheduled snapshots those that are still live at a third can be told, and how old blocks become.
// An entry is of use as long as a scheduled snapshot is held that opened a generation after `born`
// and not after `freed`, so there are no more of them than those that are held require.
struct AgedDeallocations {
    Shared<uint64_t> key;  // aged_key; written last; 0 while the entry is empty or being reused
    Shared<uint64_t> deallocations;  // this and the next: as in Counters
    Shared<uint64_t> deallocated_bytes;
    // The recorder's own: number + 1 of the table's entry of the same site and `freed` that was
    // begun before this one, 0 for none.
    uint32_t earlier;
    uint32_t reserved;
};
static_assert(sizeof(AgedDeallocations) == 32);

constexpr uint64_t aged_key(uint32_t site, uint32_t born, uint32_t freed) {
    return uint64_t{site} << 32 | born << 16 | freed;
}
constexpr uint32_t aged_site(uint64_t key) {
    return static_cast<uint32_t>(key >> 32);
}
constexpr uint32_t aged_born(uint64_t key) {
    return static_cast<uint32_t>(key >> 16) & 0xffff;
}
constexpr uint32_t aged_freed(uint64_t key) {
    return static_cast<uint32_t>(key) & 0xffff;
}

inline constexpr uint32_t kCellsPerPage = kPageSize / sizeof(Cell);
inline constexpr uint32_t kUndoPerPage = kPageSize / sizeof(UndoEntry);
inline constexpr uint32_t kAgedPerPage = kPageSize / sizeof(AgedDeallocations);
static_assert(kCellsPerPage == 64 && kUndoPerPage == 64 && kAgedPerPage == 128);

enum class PageKind : uint32_t { unused = 0, counters = 1, undo = 2, aged = 3 };

// A counters page holds the cells of sites index * 64 … index * 64 + 63 of its table.
struct PageDescriptor {
    Shared<PageKind> kind;  // written last
    uint32_t table;
    uint32_t index;
    uint32_t reserved;
};

inline constexpr uint32_t kPagesPerSegment = kSegmentSize / kPageSize - 1;

struct PageSegment {
    SegmentHeader header;
    PageDescriptor descriptors[kPagesPerSegment];
    uint8_t reserved[kPageSize - sizeof(SegmentHeader) - sizeof(PageDescriptor) * kPagesPerSegment];
    uint8_t pages[kPagesPerSegment][kPageSize];
};
static_assert(sizeof(PageSegment) == kSegmentSize);

// --- scans -------------------------------------------------------------------------------------

// What became of a live block, as memcheck names it.
enum class Reach : uint32_t {
    direct = 0,     // lost: nothing leads to it, but perhaps other lost blocks in a circle
    indirect = 1,   // lost: only lost blocks lead to it
    possible = 2,   // only pointers into its middle or to its end lead to it, or it is not certain
    reachable = 3,  // a chain of pointers to beginnings of blocks leads to it
};
inline constexpr size_t kReachKinds = 4;

enum class ScanOccasion : uint32_t { exit = 0, requested = 1 };
enum class ScanState : uint32_t { empty = 0, writing = 1, complete = 2 };

// Blocks are counted as lost that were so in two scans, or nothing could change meanwhile.
inline constexpr uint32_t kScanConfirmed = 1;
// Not all live blocks were known: what lies between known ones was searched for pointers too.
inline constexpr uint32_t kScanGaps = 2;
// Registers of some threads were not to be had, or memory was kept from the copy (MADV_DONTFORK):
// what would be lost is counted as possible.
inline constexpr uint32_t kScanUncertain = 4;
// The allocator is not glibc's, and its own tables were searched too.
inline constexpr uint32_t kScanOtherAllocator = 8;

struct ScanCounts {
    uint64_t blocks;
    uint64_t bytes;
};

// At the head of each segment of a scan's result; all but part and rows are the same in each.
struct ScanDescriptor {
    Shared<ScanState> state;  // written last
    uint32_t number;          // scan_requested of its request; scans at exit count on
    uint32_t part;
    uint32_t parts;
    uint32_t rows;  // in this segment
    ScanOccasion occasion;
    uint32_t flags;
    uint32_t threads;          // other threads than the one that began the scan
    uint32_t unknown_threads;  // those whose registers were not to be had
    uint32_t reserved0;
    uint64_t time_ns;         // since start: when the copy was made
    uint64_t held_ns;         // for how long the thread that began the scan was held, at most
    uint64_t scan_ns;         // how long the copy worked
    uint64_t memory_bytes;    // that the copy mapped for its work
    uint64_t root_bytes;      // searched outside blocks
    uint64_t block_bytes;     // searched in blocks
    uint64_t skipped_bytes;   // of devices, and what could not be read
    uint64_t skipped_blocks;  // that are not in the copy, or whose beginning was not to be found
    ScanCounts totals[kReachKinds];
    uint8_t reserved1[88];
};
static_assert(sizeof(ScanDescriptor) == 256);

struct ScanRow {
    uint32_t site;
    uint32_t reserved;
    ScanCounts kinds[kReachKinds];  // by Reach
};
static_assert(sizeof(ScanRow) == 72);

inline constexpr uint32_t kScanRowsPerSegment =
    (kSegmentSize - sizeof(SegmentHeader) - sizeof(ScanDescriptor)) / sizeof(ScanRow);

// Segments of one scan share its number. A later scan reuses those of one before the last.
struct ScanSegment {
    SegmentHeader header;
    ScanDescriptor scan;
    ScanRow rows[kScanRowsPerSegment];
};
static_assert(sizeof(ScanSegment) <= kSegmentSize);

}  // namespace heapdrift
