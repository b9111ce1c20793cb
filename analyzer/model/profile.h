// What a session says at one point in time: sites with their call stacks and figures, and what is
// known of the process. Pure values; input/ makes them, report/ writes them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analyzer/model/figures.h"
#include "analyzer/model/location.h"
#include "analyzer/model/module.h"
#include "core/session_format.h"

namespace heapdrift::model {

// How the recording came to its end. The file alone cannot tell the last two from `running`:
// input/process_state.h looks at the process. Other tools' files do not say it.
enum class Ending { running, exit, exec, signal, killed, unknown };
const char* ending_name(Ending ending);

struct SnapshotInfo {
    uint32_t number = 0;
    SnapshotKind kind = SnapshotKind::scheduled;
    std::string label;
    double seconds = 0;  // since recording began
    uint32_t generation = 0;
    bool idle = false;
    double cost_seconds = 0;
    uint64_t peak_live_bytes = 0;
    // The process as the kernel saw it; nothing where it did not say.
    std::optional<uint64_t> rss_anon_bytes;
    std::optional<uint64_t> rss_file_bytes;
    std::optional<uint64_t> rss_shmem_bytes;
    std::optional<uint64_t> swap_bytes;
    std::optional<uint64_t> cgroup_current_bytes;
    std::optional<uint64_t> cgroup_limit_bytes;
    uint32_t pressure_some_avg10 = 0;  // hundredths of a percent
};
const char* snapshot_kind_name(SnapshotKind kind);

struct SessionInfo {
    std::string path;  // as the user named it
    std::string program;
    std::vector<std::string> command_line;
    std::string tool_version;
    // Who recorded it, where that was another tool; then what it does not know is 0 or empty.
    std::string foreign_recorder;
    uint32_t pid = 0;
    uint32_t parent_pid = 0;
    uint32_t image = 0;
    bool forked = false;
    bool root = false;
    uint64_t process_start_ticks = 0;
    uint64_t started_realtime_ns = 0;
    Mode mode = Mode::exact;
    uint64_t sampling_interval_bytes = 0;
    Ending ending = Ending::running;
    uint32_t exit_status = 0;             // or the signal's number
    std::optional<double> ended_seconds;  // not known of a killed process
    double last_seconds = 0;  // now while it runs, else the latest time that the file knows of
    std::optional<double> exit_began_seconds;
};

// What was not recorded, or not well. In every report.
struct Losses {
    std::array<uint64_t, kDropReasons> dropped{};
    uint64_t unknown_deallocations = 0;
    uint64_t missed_deallocations = 0;
    uint64_t snapshots_refused = 0;
    uint64_t unfinished_sites = 0;    // whose call stack cannot be followed to its end
    uint64_t missing_file_bytes = 0;  // the file was cut short by so much
    uint64_t damaged_records = 0;
    uint64_t first_damage_offset = 0;
    // Why the session file could grow no more, "" while it could: from then on new call stacks
    // were dropped, known ones counted on.
    std::string stop_reason;
    // The program installed a seccomp filter, and the recorder made no system call since: what
    // needs one (room for new stacks and threads, proof that a frame is readable) may be missing.
    bool confined = false;

    uint64_t dropped_total() const;
};

// Stacks compared with libunwind's: only under the recorder's option verify=.
struct VerifiedStacks {
    uint64_t same = 0;
    uint64_t different = 0;
    uint64_t unknown = 0;  // libunwind did not come as far
    uint64_t fast = 0;     // of all three: found without walking the whole stack

    uint64_t compared() const { return same + different + unknown; }
};

struct CodeAddress {
    uint32_t module = kNoModule;  // index into Profile::modules
    FrameKind kind = FrameKind::native;
    uint64_t offset = 0;  // module offset; the absolute address where there is no module

    // A return address lies behind its call, which may be the last instruction of its line.
    uint64_t lookup_offset() const {
        return kind == FrameKind::native && offset > 0 ? offset - 1 : offset;
    }
    bool operator==(const CodeAddress&) const = default;
};

struct Site {
    uint32_t id = 0;  // the smallest SiteId of those merged into it
    Domain domain = Domain::heap;
    StackEnd end = StackEnd::complete;
    // Allocated between heapdrift_ignore_begin and _end: not to be reported as a leak.
    bool ignored = false;
    uint32_t first_frame = 0;  // in Profile::frames
    uint32_t frame_count = 0;
    Figures figures;
};

struct Thread {
    uint32_t tid = 0;  // 0: all threads beyond the recorder's limit
    std::string name;
    double started_seconds = 0;
    std::optional<double> ended_seconds;
    uint64_t allocations = 0;
    uint64_t allocated_bytes = 0;
    uint64_t deallocations = 0;
};

struct Profile {
    SessionInfo session;
    // The point that the figures stand for; nothing: the last state that the file holds.
    std::optional<SnapshotInfo> at;
    // The snapshot that Figures::peak_live_bytes comes from; nothing where none was taken.
    std::optional<SnapshotInfo> peak;
    std::vector<SnapshotInfo> snapshots;  // held ones, by number
    std::vector<Module> modules;          // index = ModuleId; an empty path: never finished
    std::vector<CodeAddress> addresses;
    std::vector<Locations> locations;  // of each address; empty before symbolization
    std::vector<uint32_t> frames;      // indices into addresses
    std::vector<Site> sites;
    std::vector<Thread> threads;
    Losses losses;
    VerifiedStacks verified;
    std::optional<Scan> scan;  // the last one, whichever point the figures stand for
    // Why the scan that was asked for last has no result.
    ScanObstacle scan_obstacle = ScanObstacle::none;
    uint64_t own_bytes = 0;
    uint64_t peak_live_bytes = 0;  // the heap's high-water mark up to the point
    std::optional<double> peak_seconds;
    uint64_t balance_slack_bytes = 0;  // how far the mark may lie from the truth

    std::span<const uint32_t> frames_of(const Site& site) const {
        return std::span(frames).subspan(site.first_frame, site.frame_count);
    }
    double at_seconds() const { return at ? at->seconds : session.last_seconds; }
};

struct Totals {
    Figures figures;
    uint64_t sites = 0;
    uint64_t live_sites = 0;
    uint64_t truncated_stacks = 0;       // sites whose call stack is not complete
    uint64_t truncated_allocations = 0;  // allocations made there
};

// Over the domains that domain_in_total allows.
Totals totals(const Profile& profile);
// Over the others, for a report of them alone.
Totals totals_outside(const Profile& profile);
Totals domain_totals(const Profile& profile, Domain domain);

// Addresses, of those that native frames have, which no symbol was found for.
uint64_t unsymbolized_addresses(const Profile& profile);

// A frame without a symbol: "libfoo.so+0x1234", or "0x7f…" where no module is known.
std::string address_text(const Profile& profile, const CodeAddress& address);
std::string module_name(const Profile& profile, uint32_t module);  // last part of the path
std::string base_name(const std::string& path);
// What the user called the program: redis-server, though that is a link to redis-check-rdb.
std::string started_name(const SessionInfo& session);

}  // namespace heapdrift::model
