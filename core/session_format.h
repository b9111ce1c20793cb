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

#include "core/counter_pages.h"
#include "core/cuda_figures.h"
#include "core/domain.h"
#include "core/ids.h"
#include "core/scan_results.h"
#include "core/session_segments.h"
#include "core/shared.h"

namespace heapdrift {

inline constexpr std::array<char, 8> kMagic = {'H', 'E', 'A', 'P', 'D', 'R', 'F', 'T'};
inline constexpr uint32_t kFormatVersion = 2;

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

}  // namespace heapdrift
