#include "analyzer/process/recording_directory.h"

#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <filesystem>

#include "analyzer/process/system_memory.h"

namespace heapdrift::process {
namespace {

constexpr const char* kSharedMemory = "/dev/shm";
constexpr const char* kLibraryLink = "libheapdrift_preload.so";
constexpr std::string_view kSuffix = ".heapdrift";
constexpr uint64_t kMiB = 1024 * 1024;
// Docker gives containers 64 MiB: a /dev/shm below this one is taken for such.
constexpr uint64_t kSmallestTotal = 256 * kMiB;
constexpr uint64_t kSmallestFree = 64 * kMiB;
// tmpfs pages count against the limit of the cgroup and cannot be written back to make room.
constexpr uint64_t kSmallestCgroupRoom = 256 * kMiB;

bool has_room() {
    struct statfs filesystem {};
    if (statfs(kSharedMemory, &filesystem) != 0 || filesystem.f_type != TMPFS_MAGIC) return false;
    const auto block = static_cast<uint64_t>(filesystem.f_bsize);
    // A tmpfs without a limit of its own says 0 blocks.
    if (filesystem.f_blocks != 0 && (filesystem.f_blocks * block < kSmallestTotal ||
                                     filesystem.f_bavail * block < kSmallestFree))
        return false;
    const CgroupMemory cgroup = read_cgroup_memory(getpid());
    return cgroup.limit_bytes == kUnknownBytes || cgroup.current_bytes == kUnknownBytes ||
           cgroup.limit_bytes >= cgroup.current_bytes + kSmallestCgroupRoom;
}

// /dev/shm is open to everybody: a directory of another user, or one that others may enter, could
// be exchanged under us.
bool is_private_directory(const std::string& path) {
    struct stat status {};
    return lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
           status.st_uid == geteuid() && (status.st_mode & 077) == 0;
}

// NAME.heapdrift, or with the number of a process image or pid behind it.
bool is_session_name(std::string name) {
    for (;;) {
        if (name.ends_with(kSuffix)) return name.size() > kSuffix.size();
        const size_t dot = name.rfind('.');
        if (dot == std::string::npos || dot + 1 == name.size() ||
            !std::all_of(name.begin() + static_cast<std::ptrdiff_t>(dot) + 1, name.end(),
                         [](unsigned char c) { return std::isdigit(c) != 0; }))
            return false;
        name.resize(dot);
    }
}

}  // namespace

std::string tmpfs_root() {
    return fmt::format("{}/heapdrift-{}", kSharedMemory, geteuid());
}

std::optional<std::string> create_tmpfs_directory() {
    if (!has_room()) return std::nullopt;
    const std::string root = tmpfs_root();
    if (mkdir(root.c_str(), 0700) != 0 && errno != EEXIST) return std::nullopt;
    if (!is_private_directory(root)) return std::nullopt;
    std::string directory = fmt::format("{}/{}-XXXXXX", root, getpid());
    if (mkdtemp(directory.data()) == nullptr) return std::nullopt;
    return directory;
}

std::vector<std::string> tmpfs_directories() {
    std::vector<std::string> directories;
    const std::string root = tmpfs_root();
    if (!is_private_directory(root)) return directories;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(root, error))
        if (entry.symlink_status(error).type() == std::filesystem::file_type::directory)
            directories.push_back(entry.path().string());
    std::sort(directories.begin(), directories.end());
    return directories;
}

std::vector<pid_t> processes_recording_to(const std::string& directory) {
    // The last part alone is unique, and holds nothing that HEAPDRIFT_OPTIONS escapes.
    const std::string name = directory.substr(directory.rfind('/') + 1);
    std::vector<pid_t> processes;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
        const std::string pid = entry.path().filename().string();
        if (!std::ranges::all_of(pid, [](unsigned char c) { return std::isdigit(c) != 0; }))
            continue;
        if (read_small_file(entry.path().string() + "/environ").find(name) != std::string::npos)
            processes.push_back(static_cast<pid_t>(std::stol(pid)));
    }
    return processes;
}

std::string preloadable_path(const std::string& library, const std::string& directory) {
    constexpr const char* kSeparators = " :";
    if (library.find_first_of(kSeparators) == std::string::npos) return library;
    const std::string link = directory + "/" + kLibraryLink;
    if (link.find_first_of(kSeparators) != std::string::npos ||
        symlink(library.c_str(), link.c_str()) != 0)
        return "";
    return link;
}

void remove_recording_directory(const std::string& directory) {
    if (!processes_recording_to(directory).empty()) return;
    unlink((directory + "/" + kLibraryLink).c_str());
    rmdir(directory.c_str());
    rmdir(tmpfs_root().c_str());
}

std::vector<std::string> session_files_in(const std::string& directory) {
    std::vector<std::string> files;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(directory, error))
        if (entry.symlink_status(error).type() == std::filesystem::file_type::regular &&
            is_session_name(entry.path().filename().string()))
            files.push_back(entry.path().string());
    std::sort(files.begin(), files.end());
    return files;
}

}  // namespace heapdrift::process
