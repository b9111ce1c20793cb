#include "analyzer/input/process_state.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string_view>

#include "analyzer/model/failure.h"

namespace heapdrift::input {

namespace {

constexpr std::string_view kDeleted = " (deleted)";
constexpr std::string_view kUsualName = ".heapdrift";

// "START-END perms offset MAJOR:MINOR inode   path"
std::optional<SharedMapping> parse_mapping(const std::string& line) {
    SharedMapping mapping;
    unsigned device_major = 0;
    unsigned device_minor = 0;
    int path_at = 0;
    unsigned long long start = 0;
    unsigned long long end = 0;
    unsigned long long offset = 0;
    unsigned long long inode = 0;
    char permissions[5] = {};
    if (std::sscanf(line.c_str(), "%llx-%llx %4s %llx %x:%x %llu %n", &start, &end, permissions,
                    &offset, &device_major, &device_minor, &inode, &path_at) < 7)
        return std::nullopt;
    if (std::string_view(permissions) != "rw-s" || offset != 0) return std::nullopt;
    mapping.start = start;
    mapping.end = end;
    mapping.device = makedev(device_major, device_minor);
    mapping.inode = inode;
    mapping.path = line.substr(std::min(static_cast<size_t>(path_at), line.size()));
    if (mapping.path.ends_with(kDeleted))
        mapping.path.resize(mapping.path.size() - kDeleted.size());
    if (!mapping.path.starts_with('/')) return std::nullopt;
    return mapping;
}

// The mapped file, however its path is seen from here; -1 with `reason` where it cannot be had.
// Only what is a regular file is opened: to open a device can have effects.
int open_mapped(uint32_t pid, const SharedMapping& mapping, std::string& reason) {
    const std::string candidates[] = {
        fmt::format("/proc/{}/map_files/{:x}-{:x}", pid, mapping.start, mapping.end),
        fmt::format("/proc/{}/root{}", pid, mapping.path)};
    for (const std::string& candidate : candidates) {
        struct stat status;
        if (stat(candidate.c_str(), &status) != 0) {
            reason = std::strerror(errno);
            continue;
        }
        if (!S_ISREG(status.st_mode)) return -1;
        const int fd = open(candidate.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0) {
            reason = std::strerror(errno);
            continue;
        }
        if (fstat(fd, &status) == 0 && status.st_ino == mapping.inode) return fd;
        reason = "another file is there now";
        close(fd);
    }
    return -1;
}

}  // namespace

std::optional<uint64_t> process_start_ticks(uint32_t pid) {
    std::ifstream in(fmt::format("/proc/{}/stat", pid));
    std::string text;
    if (!std::getline(in, text, '\0')) return std::nullopt;
    // The command's name may hold spaces and parentheses: fields are counted from its end.
    const size_t name_end = text.rfind(')');
    if (name_end == std::string::npos) return std::nullopt;
    std::istringstream fields(text.substr(name_end + 1));
    std::string state;
    fields >> state;
    if (state == "Z" || state == "X") return std::nullopt;
    std::string skipped;
    for (int field = 4; field < 22; ++field) fields >> skipped;
    uint64_t ticks = 0;
    if (!(fields >> ticks)) return std::nullopt;
    return ticks;
}

std::optional<std::vector<SharedMapping>> shared_mappings(uint32_t pid) {
    std::ifstream in(fmt::format("/proc/{}/maps", pid));
    if (!in) return std::nullopt;
    std::vector<SharedMapping> mappings;
    std::string line;
    while (std::getline(in, line))
        if (auto mapping = parse_mapping(line)) mappings.push_back(std::move(*mapping));
    if (in.bad()) return std::nullopt;
    return mappings;
}

model::Ending ending_of(const Identity& identity, EndedBy noted, dev_t device, ino_t inode) {
    switch (noted) {
        case EndedBy::exit:
            return model::Ending::exit;
        case EndedBy::exec:
            return model::Ending::exec;
        case EndedBy::signal:
            return model::Ending::signal;
        case EndedBy::running:
            break;
    }
    if (process_start_ticks(identity.pid) != identity.process_start_ticks)
        return model::Ending::killed;
    const auto mappings = shared_mappings(identity.pid);
    if (!mappings) return model::Ending::running;
    // By inode alone where the devices differ: overlay file systems show one of their own here.
    const bool maps_it = std::ranges::any_of(*mappings, [&](const SharedMapping& mapping) {
        return mapping.inode == inode &&
               (mapping.device == device ||
                mapping.path == bounded_text(identity.session_path, sizeof identity.session_path));
    });
    return maps_it ? model::Ending::running : model::Ending::exec;
}

OpenSession open_session_of(uint32_t pid) {
    if (!process_start_ticks(pid)) throw Failure(fmt::format("no process {} is running", pid));
    const auto mappings = shared_mappings(pid);
    if (!mappings)
        throw Failure(
            fmt::format("cannot read /proc/{}/maps: {}; the process belongs to someone "
                        "else, try as its user or as root",
                        pid, std::strerror(errno)));
    std::string unreadable;
    // A fork child maps its parent's session too, until it executes a program: its own is the one
    // that has its pid.
    OpenSession fallback;
    for (const SharedMapping& mapping : *mappings) {
        std::string reason;
        const int fd = open_mapped(pid, mapping, reason);
        if (fd < 0) {
            // Of a file that cannot be read only the name tells that it may be a session.
            if (mapping.path.find(kUsualName) != std::string::npos && !reason.empty())
                unreadable = fmt::format("{}: {}", mapping.path, reason);
            continue;
        }
        Identity identity;
        const bool ours =
            pread(fd, &identity, sizeof identity, 0) == static_cast<ssize_t>(sizeof identity) &&
            identity.magic == kMagic;
        if (ours && identity.pid == pid) {
            if (fallback.fd >= 0) close(fallback.fd);
            return {fd, mapping.path};
        }
        if (ours && fallback.fd < 0)
            fallback = {fd, mapping.path};
        else
            close(fd);
    }
    if (fallback.fd >= 0) return fallback;
    if (!unreadable.empty())
        throw Failure(fmt::format("cannot open the session of process {}: {}", pid, unreadable));
    throw Failure(fmt::format("process {} is not being recorded: it maps no session file", pid));
}

}  // namespace heapdrift::input
