#include "analyzer/process/session_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "analyzer/process/file_descriptor.h"
#include "core/session_format.h"

namespace heapdrift::process {
namespace {

constexpr off_t offset_of_control(size_t field) {
    return static_cast<off_t>(offsetof(Header, control) + field);
}
constexpr off_t kSegmentCountAt = offset_of_control(offsetof(Control, segment_count));
constexpr off_t kEndedByAt = offset_of_control(offsetof(Control, ended_by));
constexpr off_t kExitStatusAt = offset_of_control(offsetof(Control, exit_status));
constexpr off_t kEndedAt = offset_of_control(offsetof(Control, ended_ns));
constexpr off_t kStartedAt =
    static_cast<off_t>(offsetof(Header, identity) + offsetof(Identity, started_monotonic_ns));

std::string last_error() {
    return std::strerror(errno);
}

bool write_all(int fd, const void* data, size_t size, off_t offset) {
    const auto* bytes = static_cast<const std::byte*>(data);
    while (size > 0) {
        const ssize_t written = pwrite(fd, bytes, size, offset);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes += written;
        size -= static_cast<size_t>(written);
        offset += written;
    }
    return true;
}

template <typename Value>
bool read_value(int fd, off_t offset, Value& value) {
    return pread(fd, &value, sizeof value, offset) == static_cast<ssize_t>(sizeof value);
}

// The size of the segments in use: the recorder takes space ahead of its needs.
off_t used_size(int fd) {
    struct stat status {};
    if (fstat(fd, &status) != 0) return 0;
    uint32_t segments = 0;
    if (!read_value(fd, kSegmentCountAt, segments)) return status.st_size;
    return std::min(status.st_size, static_cast<off_t>(segments * kSegmentSize));
}

bool is_zero(const std::byte* page, size_t size) {
    return std::all_of(page, page + size, [](std::byte byte) { return byte == std::byte{0}; });
}

std::string copy_used(int from, int to) {
    const off_t size = used_size(from);
    std::vector<std::byte> segment(kSegmentSize);
    for (off_t offset = 0; offset < size;) {
        const auto wanted = std::min(segment.size(), static_cast<size_t>(size - offset));
        const ssize_t got = pread(from, segment.data(), wanted, offset);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return last_error();
        if (got == 0) break;
        const auto have = static_cast<size_t>(got);
        for (size_t page = 0; page < have; page += kPageSize) {
            const size_t length = std::min(kPageSize, have - page);
            if (is_zero(&segment[page], length)) continue;
            if (!write_all(to, &segment[page], length, offset + static_cast<off_t>(page)))
                return last_error();
        }
        offset += got;
    }
    if (ftruncate(to, size) != 0) return last_error();
    return "";
}

// link(2) as fallback for filesystems without RENAME_NOREPLACE.
bool rename_without_replacing(const std::string& from, const std::string& to) {
    if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
    if (errno != EINVAL && errno != ENOSYS) return false;
    return link(from.c_str(), to.c_str()) == 0 && unlink(from.c_str()) == 0;
}

std::string copy_to_other_filesystem(const std::string& from, const std::string& to) {
    const FileDescriptor source(open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!source.is_open()) return last_error();
    // Under its final name a file is always complete.
    const std::string partial = fmt::format("{}.partial.{}", to, getpid());
    FileDescriptor target(
        open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!target.is_open()) return last_error();
    std::string error = copy_used(source.get(), target.get());
    if (!target.reset() && error.empty()) error = last_error();
    if (error.empty() && !rename_without_replacing(partial, to)) error = last_error();
    if (!error.empty()) {
        unlink(partial.c_str());
        return error;
    }
    unlink(from.c_str());
    return "";
}

}  // namespace

std::optional<SessionOwner> session_owner(const std::string& path) {
    const FileDescriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    Identity identity;
    SessionOwner owner;
    if (!fd.is_open() || !read_value(fd.get(), offsetof(Header, identity), identity) ||
        !read_value(fd.get(), kEndedByAt, owner.ended_by) || identity.magic != kMagic ||
        identity.version != kFormatVersion)
        return std::nullopt;
    owner.pid = identity.pid;
    owner.root = identity.root != 0;
    return owner;
}

std::string note_end(const std::string& path, EndedBy ended_by, uint32_t status,
                     uint64_t ended_monotonic_ns) {
    const FileDescriptor fd(open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (!fd.is_open()) return last_error();
    EndedBy noted{};
    uint64_t started_ns = 0;
    if (!read_value(fd.get(), kEndedByAt, noted) || !read_value(fd.get(), kStartedAt, started_ns))
        return "the header cannot be read";
    if (noted != EndedBy::running) return "";
    const uint64_t ended_ns = ended_monotonic_ns - std::min(ended_monotonic_ns, started_ns);
    // ended_by last: it makes the two others valid.
    if (!write_all(fd.get(), &status, sizeof status, kExitStatusAt) ||
        !write_all(fd.get(), &ended_ns, sizeof ended_ns, kEndedAt) ||
        !write_all(fd.get(), &ended_by, sizeof ended_by, kEndedByAt))
        return last_error();
    return "";
}

std::string move_session(const std::string& from, const std::string& to) {
    if (rename_without_replacing(from, to)) {
        const FileDescriptor fd(open(to.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
        // Only space is at stake.
        if (fd.is_open() && ftruncate(fd.get(), used_size(fd.get())) != 0) return "";
        return "";
    }
    return errno == EXDEV ? copy_to_other_filesystem(from, to) : last_error();
}

std::string append_symbols(const std::string& path, std::span<const std::byte> blob) {
    const FileDescriptor fd(open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (!fd.is_open()) return last_error();
    const off_t start = used_size(fd.get());
    if (start == 0 || start % static_cast<off_t>(kSegmentSize) != 0) return "the file is cut short";

    std::vector<std::byte> payload(sizeof(uint64_t) + blob.size());
    const uint64_t blob_size = blob.size();
    std::memcpy(payload.data(), &blob_size, sizeof blob_size);
    std::copy(blob.begin(), blob.end(), payload.begin() + sizeof blob_size);

    constexpr size_t kCapacity = kSegmentSize - sizeof(SegmentHeader);
    uint32_t added = 0;
    bool written = true;
    for (size_t done = 0; done < payload.size() && written; done += kCapacity, ++added) {
        SegmentHeader header{};
        header.kind.store(SegmentKind::symbols, std::memory_order_relaxed);
        header.ordinal = added;
        const off_t at = start + static_cast<off_t>(added * kSegmentSize);
        written = write_all(fd.get(), &header, sizeof header, at) &&
                  write_all(fd.get(), &payload[done], std::min(kCapacity, payload.size() - done),
                            at + static_cast<off_t>(sizeof header));
    }
    const off_t end = start + static_cast<off_t>(added * kSegmentSize);
    // The count last: until then a reader does not see the new segments.
    const auto segments = static_cast<uint32_t>(end / static_cast<off_t>(kSegmentSize));
    if (written && ftruncate(fd.get(), end) == 0 &&
        write_all(fd.get(), &segments, sizeof segments, kSegmentCountAt))
        return "";
    const std::string error = last_error();
    if (ftruncate(fd.get(), start) != 0)
        return fmt::format("{}; what was added behind the recording could not be taken off again",
                           error);
    return error;
}

}  // namespace heapdrift::process
