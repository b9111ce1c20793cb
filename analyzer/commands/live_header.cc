#include "analyzer/commands/live_header.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "analyzer/input/mapped_file.h"
#include "analyzer/input/process_state.h"
#include "analyzer/model/failure.h"
#include "analyzer/process/file_descriptor.h"
#include "core/session_view.h"

namespace heapdrift::commands {

void UnmapHeader::operator()(Header* header) const {
    munmap(header, sizeof(Header));
}

uint64_t monotonic_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

LiveHeader map_live_header(uint32_t pid, const char* purpose) {
    const input::OpenSession session = input::open_session_of(pid);
    const process::FileDescriptor writable(
        open(fmt::format("/proc/self/fd/{}", session.fd).c_str(), O_RDWR | O_CLOEXEC));
    const int error = errno;
    // Takes the descriptor; checks the whole file once, before anything in it is believed.
    const input::MappedFile file = input::MappedFile::adopt(session.fd, session.path);
    const SessionView view(file.bytes());
    if (view.error() != ViewError::none)
        throw Failure(fmt::format("{}: {}", session.path, view_error_text(view.error())));
    const Header& header = view.header();
    if (input::ending_of(header.identity, header.control.ended_by.load(), file.device(),
                         file.inode()) != model::Ending::running ||
        header.identity.pid != pid)
        throw Failure(fmt::format("process {} is not being recorded any more", pid));
    if (!writable.is_open())
        throw Failure(fmt::format("{}: {}; {} by the user of process {} or by root", session.path,
                                  std::strerror(error), purpose, pid));
    // The recorder takes the space of the table of snapshots when it needs it. On a full disk this
    // is a message; to write there without it would end us. Not all file systems know of it.
    if (fallocate(writable.get(), FALLOC_FL_KEEP_SIZE, 0, sizeof(Header)) != 0 &&
        errno != EOPNOTSUPP)
        throw Failure(
            fmt::format("{}: {}; the process is recorded on, but nothing can be asked "
                        "of it",
                        session.path, std::strerror(errno)));
    void* address =
        mmap(nullptr, sizeof(Header), PROT_READ | PROT_WRITE, MAP_SHARED, writable.get(), 0);
    if (address == MAP_FAILED)
        throw Failure(fmt::format("{}: cannot be mapped: {}", session.path, std::strerror(errno)));
    return LiveHeader(static_cast<Header*>(address));
}

}  // namespace heapdrift::commands
