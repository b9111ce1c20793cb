#include "analyzer/process/executable.h"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "analyzer/process/file_descriptor.h"

namespace heapdrift::process {
namespace {

// What the kernel reads of a file to choose its format, and how often a #! may lead to another.
constexpr size_t kKernelHeadSize = 256;
constexpr int kMaxInterpreterDepth = 4;

std::string read_at(int fd, off_t offset, size_t size) {
    std::string bytes(size, '\0');
    const ssize_t got = pread(fd, bytes.data(), size, offset);
    bytes.resize(got > 0 ? static_cast<size_t>(got) : 0);
    return bytes;
}

// The interpreter of a "#!" line, "" where there is none.
std::string interpreter_of(std::string_view head) {
    if (!head.starts_with("#!")) return "";
    head.remove_prefix(2);
    head = head.substr(0, head.find('\n'));
    const size_t start = head.find_first_not_of(" \t");
    if (start == std::string_view::npos) return "";
    head.remove_prefix(start);
    return std::string(head.substr(0, head.find_first_of(" \t\r")));
}

bool known_loader(std::string_view path) {
    const std::string_view name = path.substr(path.rfind('/') + 1);
    return name.starts_with("ld-linux-x86-64.") || name.starts_with("ld-2.");
}

// The path in PT_INTERP, nullopt where there is none or the headers are not readable.
std::optional<std::string> loader_of(int fd, const Elf64_Ehdr& header) {
    for (unsigned i = 0; i < header.e_phnum; ++i) {
        const auto offset = static_cast<off_t>(header.e_phoff + i * sizeof(Elf64_Phdr));
        const std::string bytes = read_at(fd, offset, sizeof(Elf64_Phdr));
        if (bytes.size() < sizeof(Elf64_Phdr)) return std::nullopt;
        Elf64_Phdr segment;
        std::memcpy(&segment, bytes.data(), sizeof segment);
        if (segment.p_type != PT_INTERP || segment.p_filesz > PATH_MAX) continue;
        const std::string path =
            read_at(fd, static_cast<off_t>(segment.p_offset), segment.p_filesz);
        return path.substr(0, path.find('\0'));
    }
    return std::nullopt;
}

// The kernel marks an execution as secure only when ids really change, or when a user other than
// root gains capabilities.
bool changes_privileges(int fd, const struct stat& status) {
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) return false;
    struct statvfs filesystem {};
    if (fstatvfs(fd, &filesystem) == 0 && (filesystem.f_flag & ST_NOSUID) != 0) return false;
    if ((status.st_mode & S_ISUID) != 0 && status.st_uid != getuid()) return true;
    constexpr mode_t kSetGid = S_ISGID | S_IXGRP;
    if ((status.st_mode & kSetGid) == kSetGid && status.st_gid != getgid()) return true;
    return getuid() != 0 && fgetxattr(fd, "security.capability", nullptr, 0) > 0;
}

Obstacle examine_elf(int fd, const std::string& path, std::string_view head,
                     const struct stat& status) {
    if (head.size() < sizeof(Elf32_Ehdr)) return Obstacle::unknown_format;
    if (head[EI_CLASS] == ELFCLASS32) return Obstacle::bits32;
    Elf64_Ehdr header;
    if (head.size() < sizeof header) return Obstacle::unknown_format;
    std::memcpy(&header, head.data(), sizeof header);
    if (header.e_machine != EM_X86_64) return Obstacle::foreign_machine;
    if (changes_privileges(fd, status)) return Obstacle::secure_execution;
    const std::optional<std::string> loader = loader_of(fd, header);
    if (loader && !known_loader(*loader)) return Obstacle::foreign_loader;
    // The loader run as a program has no loader of its own, but honours LD_PRELOAD.
    if (!loader && !known_loader(path)) return Obstacle::statically_linked;
    return Obstacle::none;
}

void examine(Executable& executable) {
    executable.image = executable.path;
    for (int depth = 0; depth < kMaxInterpreterDepth; ++depth) {
        const FileDescriptor fd(open(executable.image.c_str(), O_RDONLY | O_CLOEXEC));
        // Executable but not readable: only the kernel may look. Most such are ordinary programs.
        if (!fd.is_open()) return;
        struct stat status {};
        if (fstat(fd.get(), &status) != 0) return;
        const std::string head = read_at(fd.get(), 0, kKernelHeadSize);
        if (head.starts_with(ELFMAG)) {
            executable.obstacle = examine_elf(fd.get(), executable.image, head, status);
            return;
        }
        const std::string interpreter = interpreter_of(head);
        if (!interpreter.empty()) {
            executable.image = interpreter;
        } else if (head.find('\0') == std::string::npos) {
            executable.image = "/bin/sh";  // what execvp falls back to for a text file
        } else {
            executable.obstacle = Obstacle::unknown_format;
            return;
        }
    }
}

bool is_directory(const std::string& path) {
    struct stat status {};
    return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

Lookup not_found(const std::string& name) {
    return {std::nullopt, LookupError{127, fmt::format("{}: command not found", name)}};
}

Lookup not_executable(const std::string& path, const std::string& reason) {
    return {std::nullopt, LookupError{126, fmt::format("{}: {}", path, reason)}};
}

Lookup found(const std::string& path) {
    Lookup lookup;
    lookup.executable = Executable{path, "", Obstacle::none};
    examine(*lookup.executable);
    return lookup;
}

Lookup examine_path(const std::string& path) {
    if (is_directory(path)) return not_executable(path, "is a directory");
    // The effective ids are those that execve will check.
    if (faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0) return found(path);
    if (errno == ENOENT || errno == ENOTDIR)
        return {std::nullopt, LookupError{127, fmt::format("{}: no such file", path)}};
    return not_executable(path, std::strerror(errno));
}

}  // namespace

Lookup find_executable(const std::string& name) {
    if (name.empty()) return not_found("''");
    if (name.find('/') != std::string::npos) return examine_path(name);
    const char* variable = std::getenv("PATH");
    std::string_view rest = variable != nullptr ? variable : "/bin:/usr/bin";
    std::optional<Lookup> first_refused;
    for (bool more = true; more;) {
        const size_t colon = rest.find(':');
        const std::string_view folder = rest.substr(0, colon);
        more = colon != std::string_view::npos;
        if (more) rest.remove_prefix(colon + 1);
        // An empty element of PATH is the current directory.
        const std::string path = fmt::format("{}/{}", folder.empty() ? "." : folder, name);
        if (is_directory(path)) continue;
        Lookup lookup = examine_path(path);
        if (lookup.executable) return lookup;
        if (lookup.error->exit_code == 126 && !first_refused) first_refused = std::move(lookup);
    }
    return first_refused ? *first_refused : not_found(name);
}

bool preload_is_harmless(Obstacle obstacle) {
    return obstacle == Obstacle::none || obstacle == Obstacle::statically_linked;
}

std::string describe_obstacle(const Executable& executable) {
    const std::string& image = executable.image;
    switch (executable.obstacle) {
        case Obstacle::none:
            return "";
        case Obstacle::statically_linked:
            return fmt::format(
                "{} is statically linked: its own allocations cannot be recorded; those of "
                "dynamically linked programs that it starts are",
                image);
        case Obstacle::bits32:
            return fmt::format(
                "{} is a 32-bit program, and only 64-bit programs can be recorded; it runs "
                "unrecorded, and so does what it starts",
                image);
        case Obstacle::foreign_machine:
            return fmt::format(
                "{} is not for x86-64; it runs unrecorded, and so does what it starts", image);
        case Obstacle::foreign_loader:
            return fmt::format(
                "{} does not use the GNU C library; it runs unrecorded, and so does what it starts",
                image);
        case Obstacle::secure_execution:
            return fmt::format(
                "{} gains privileges when executed (set-uid, set-gid or file capabilities), and "
                "the loader then ignores LD_PRELOAD; it runs unrecorded, and so does what it "
                "starts. Run heapdrift as the user it changes to in order to record it",
                image);
        case Obstacle::unknown_format:
            return fmt::format(
                "{} is neither an ELF program nor a script; if the system can run it, it runs "
                "unrecorded",
                image);
    }
    return "";
}

}  // namespace heapdrift::process
