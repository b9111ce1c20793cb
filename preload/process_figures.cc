#include "preload/process_figures.h"

#include "preload/large_table.h"
#include "preload/page_memory.h"
#include "preload/syscalls.h"
#include "preload/text.h"

namespace heapdrift {
namespace {

// The number behind `key` at the start of a line; false where there is none ("max").
bool find_number(const char* text, const char* key, uint64_t& number) {
    for (const char* line = text; *line != '\0'; ++line) {
        if (text_starts(line, key)) {
            line += text_size(key);
            while (*line == ' ' || *line == '\t') ++line;
            return parse_number(line, number) != nullptr;
        }
        while (*line != '\0' && *line != '\n') ++line;
        if (*line == '\0') break;
    }
    return false;
}

// One buffer for all, since whoever fills a descriptor holds the SnapshotLock: a thread's own stack
// may be a few KiB. The text is good until the next call.
const char* read_text(const char* path) {
    HEAPDRIFT_LARGE_TABLE static char text[4096];
    text[sys::read_file(path, text, sizeof(text) - 1)] = '\0';
    return text;
}

uint64_t status_bytes(const char* status, const char* key) {
    uint64_t kib = 0;
    return find_number(status, key, kib) ? kib * 1024 : kUnknownBytes;
}

uint64_t bytes_in(const char* directory, const char* name) {
    TextBuffer<512> path;
    path << directory << name;
    uint64_t bytes = 0;
    return parse_number(read_text(path.text()), bytes) != nullptr ? bytes : kUnknownBytes;
}

// Directory of the process's cgroup, of the unified hierarchy or of version 1's memory controller.
// Seen from inside a container its path may not exist: then the root, which is the container's.
TextBuffer<512> cgroup_directory(bool& unified) {
    TextBuffer<512> directory;
    for (const char* line = read_text("/proc/self/cgroup"); *line != '\0'; ++line) {
        unified = text_starts(line, "0::");
        const char* path = unified ? line + 3 : nullptr;
        const char* end = line;
        while (*end != '\0' && *end != '\n') ++end;
        for (const char* c = line; path == nullptr && c < end; ++c)
            if (text_starts(c, ":memory:")) path = c + 8;
        if (path != nullptr) {
            directory << (unified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory");
            if (end - path > 1)
                for (; path < end; ++path) directory.push(*path);
            directory << "/";
            return directory;
        }
        line = end;
        if (*line == '\0') break;
    }
    return directory;
}

void read_cgroup(SnapshotDescriptor& snapshot) {
    bool unified = true;
    const TextBuffer<512> directory = cgroup_directory(unified);
    if (directory.size() == 0) return;
    const char* current = unified ? "memory.current" : "memory.usage_in_bytes";
    const char* limit = unified ? "memory.max" : "memory.limit_in_bytes";
    const char* where = directory.text();
    snapshot.cgroup_current_bytes = bytes_in(where, current);
    if (snapshot.cgroup_current_bytes == kUnknownBytes) {
        where = unified ? "/sys/fs/cgroup/" : "/sys/fs/cgroup/memory/";
        snapshot.cgroup_current_bytes = bytes_in(where, current);
    }
    snapshot.cgroup_limit_bytes = bytes_in(where, limit);
}

// "some avg10=1.23 …" in hundredths of a percent; 0 where the kernel does not measure it.
uint32_t memory_pressure() {
    const char* text = read_text("/proc/pressure/memory");
    constexpr const char* kKey = "some avg10=";
    uint64_t whole = 0;
    uint64_t hundredths = 0;
    if (!text_starts(text, kKey)) return 0;
    const char* rest = parse_number(text + text_size(kKey), whole);
    if (rest == nullptr || *rest != '.') return 0;
    parse_number(rest + 1, hundredths);
    return static_cast<uint32_t>(whole * 100 + hundredths % 100);
}

// Where the kernel counts what processes could write and not what they did, a copy of this one
// counts in full: what it would leave for the program.
uint64_t commitment_beside_a_copy() {
    if (*read_text("/proc/sys/vm/overcommit_memory") != '2') return kUnknownBytes;
    const uint64_t limit = status_bytes(read_text("/proc/meminfo"), "CommitLimit:");
    const uint64_t committed = status_bytes(read_text("/proc/meminfo"), "Committed_AS:");
    const uint64_t own = status_bytes(read_text("/proc/self/status"), "VmData:");
    if (limit == kUnknownBytes || committed == kUnknownBytes || own == kUnknownBytes) return 0;
    return limit > committed + own ? limit - committed - own : 0;
}

}  // namespace

void mark_figures_unknown(SnapshotDescriptor& snapshot) {
    snapshot.rss_anon_bytes = snapshot.rss_file_bytes = snapshot.rss_shmem_bytes = kUnknownBytes;
    snapshot.swap_bytes = kUnknownBytes;
    snapshot.cgroup_current_bytes = snapshot.cgroup_limit_bytes = kUnknownBytes;
}

void read_process_figures(SnapshotDescriptor& snapshot) {
    mark_figures_unknown(snapshot);
    if (memory_confined()) return;
    const char* status = read_text("/proc/self/status");
    snapshot.rss_anon_bytes = status_bytes(status, "RssAnon:");
    snapshot.rss_file_bytes = status_bytes(status, "RssFile:");
    snapshot.rss_shmem_bytes = status_bytes(status, "RssShmem:");
    snapshot.swap_bytes = status_bytes(status, "VmSwap:");
    read_cgroup(snapshot);
    snapshot.pressure_some_avg10 = memory_pressure();
}

uint64_t memory_headroom() {
    uint64_t headroom = status_bytes(read_text("/proc/meminfo"), "MemAvailable:");
    if (const uint64_t left = commitment_beside_a_copy(); left < headroom) headroom = left;
    SnapshotDescriptor figures{};
    mark_figures_unknown(figures);
    read_cgroup(figures);
    if (figures.cgroup_limit_bytes == kUnknownBytes ||
        figures.cgroup_current_bytes == kUnknownBytes)
        return headroom;
    // Pages of files that nobody uses give way.
    bool unified = true;
    const TextBuffer<512> directory = cgroup_directory(unified);
    TextBuffer<512> path;
    path << directory.text() << "memory.stat";
    uint64_t reclaimable = 0;
    if (!find_number(read_text(path.text()), unified ? "inactive_file " : "total_inactive_file ",
                     reclaimable))
        reclaimable = 0;
    const uint64_t limit = figures.cgroup_limit_bytes + reclaimable;
    const uint64_t left =
        limit > figures.cgroup_current_bytes ? limit - figures.cgroup_current_bytes : 0;
    return left < headroom ? left : headroom;
}

}  // namespace heapdrift
