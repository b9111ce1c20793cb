#include "analyzer/process/system_memory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

#include "analyzer/process/file_descriptor.h"

namespace heapdrift::process {
namespace {

std::optional<uint64_t> leading_number(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return std::nullopt;
    return number;
}

uint64_t status_field(std::string_view status, std::string_view name) {
    const size_t at = status.find(name);
    if (at == std::string_view::npos) return kUnknownBytes;
    const auto kib = leading_number(status.substr(at + name.size()));
    return kib ? *kib * 1024 : kUnknownBytes;
}

uint64_t read_bytes(const std::string& path) {
    return leading_number(read_small_file(path)).value_or(kUnknownBytes);
}

// "0::/user.slice" in cgroup v2, "9:memory:/docker/..." in v1. nullopt where not listed.
std::optional<std::string> cgroup_path(std::string_view cgroups, std::string_view controller) {
    while (!cgroups.empty()) {
        const std::string_view line = cgroups.substr(0, cgroups.find('\n'));
        cgroups.remove_prefix(std::min(line.size() + 1, cgroups.size()));
        const size_t first = line.find(':');
        const size_t second = line.find(':', first + 1);
        if (second == std::string_view::npos) continue;
        if (line.substr(first + 1, second - first - 1) == controller)
            return std::string(line.substr(second + 1));
    }
    return std::nullopt;
}

uint32_t pressure(const std::string& text) {
    constexpr std::string_view kField = "some avg10=";
    const size_t at = text.find(kField);
    if (at == std::string::npos) return 0;
    double percent = 0;
    const char* start = text.data() + at + kField.size();
    if (std::from_chars(start, text.data() + text.size(), percent).ec != std::errc()) return 0;
    return static_cast<uint32_t>(std::lround(percent * 100));
}

// The nearest limit counts: a cgroup without one is held by its ancestors'. In a container with
// a cgroup namespace, the path shown may lie above the mounted root; then the root is read.
template <typename Read>
uint64_t lowest_limit(std::string folder, std::string_view mount, const Read& read) {
    uint64_t lowest = kUnknownBytes;
    while (folder.size() >= mount.size()) {
        lowest = std::min(lowest, read(folder));
        const size_t slash = folder.rfind('/');
        if (slash == std::string::npos) break;
        folder.resize(slash);
    }
    return lowest;
}

CgroupMemory read_v2(const std::string& path) {
    constexpr std::string_view kMount = "/sys/fs/cgroup";
    std::string folder = fmt::format("{}{}", kMount, path == "/" ? "" : path);
    if (access(folder.c_str(), F_OK) != 0) folder = kMount;
    CgroupMemory memory;
    memory.current_bytes = read_bytes(folder + "/memory.current");
    memory.limit_bytes = lowest_limit(folder, kMount, [](const std::string& ancestor) {
        return read_bytes(ancestor + "/memory.max");  // "max" is no number: unknown
    });
    memory.pressure_some_avg10 = pressure(read_small_file(folder + "/memory.pressure"));
    return memory;
}

CgroupMemory read_v1(const std::string& path) {
    constexpr std::string_view kMount = "/sys/fs/cgroup/memory";
    // What v1 shows where there is no limit: the largest signed number, rounded to pages.
    constexpr uint64_t kNoLimit = uint64_t{1} << 62;
    std::string folder = fmt::format("{}{}", kMount, path == "/" ? "" : path);
    if (access(folder.c_str(), F_OK) != 0) folder = kMount;
    CgroupMemory memory;
    memory.current_bytes = read_bytes(folder + "/memory.usage_in_bytes");
    memory.limit_bytes = lowest_limit(folder, kMount, [](const std::string& ancestor) {
        const uint64_t limit = read_bytes(ancestor + "/memory.limit_in_bytes");
        return limit < kNoLimit ? limit : kUnknownBytes;
    });
    return memory;
}

}  // namespace

std::string read_small_file(const std::string& path) {
    const FileDescriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text;
    if (!fd.is_open()) return text;
    std::array<char, 16384> buffer;
    ssize_t got = 0;
    while ((got = read(fd.get(), buffer.data(), buffer.size())) > 0)
        text.append(buffer.data(), static_cast<size_t>(got));
    return text;
}

ResidentMemory read_resident_memory(pid_t pid) {
    const std::string status = read_small_file(fmt::format("/proc/{}/status", pid));
    return {status_field(status, "\nRssAnon:"), status_field(status, "\nRssFile:"),
            status_field(status, "\nRssShmem:"), status_field(status, "\nVmSwap:")};
}

CgroupMemory read_cgroup_memory(pid_t pid) {
    const std::string cgroups = read_small_file(fmt::format("/proc/{}/cgroup", pid));
    CgroupMemory memory;
    // A hybrid system lists both; the memory controller is then in v1.
    if (const auto v1 = cgroup_path(cgroups, "memory"); v1) {
        memory = read_v1(*v1);
    } else if (const auto v2 = cgroup_path(cgroups, ""); v2) {
        memory = read_v2(*v2);
    }
    if (memory.pressure_some_avg10 == 0)
        memory.pressure_some_avg10 = pressure(read_small_file("/proc/pressure/memory"));
    return memory;
}

}  // namespace heapdrift::process
