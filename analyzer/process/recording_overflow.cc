#include "analyzer/process/recording_overflow.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "analyzer/process/recording_directory.h"
#include "analyzer/process/session_store.h"

namespace heapdrift::process {
namespace {

uint64_t used_bytes(const std::string& path) {
    struct stat status {};
    return stat(path.c_str(), &status) == 0 ? static_cast<uint64_t>(status.st_blocks) * 512 : 0;
}

// Whether nobody writes to it any more: until it is gone, a process that exits goes on counting.
bool is_finished(const SessionOwner& owner) {
    if (owner.ended_by == EndedBy::running || owner.root) return false;
    return owner.ended_by == EndedBy::exec ||
           (kill(static_cast<pid_t>(owner.pid), 0) != 0 && errno == ESRCH);
}

}  // namespace

void RecordingOverflow::relieve() {
    if (disk_.empty()) return;
    const std::vector<std::string> files = session_files_in(place_);
    uint64_t used = 0;
    for (const std::string& file : files) used += used_bytes(file);
    for (const std::string& file : files) {
        if (used <= most_bytes_) return;
        const std::optional<SessionOwner> owner = session_owner(file);
        if (!owner || !is_finished(*owner)) continue;
        if (!make_directory()) return;
        const uint64_t size = used_bytes(file);
        if (move_session(file, directory_ + file.substr(file.rfind('/'))).empty()) used -= size;
    }
}

bool RecordingOverflow::make_directory() {
    if (!directory_.empty()) return true;
    std::string directory = fmt::format("{}/.heapdrift-{}-XXXXXX", disk_, getpid());
    if (mkdtemp(directory.data()) == nullptr) {
        disk_.clear();
        return false;
    }
    directory_ = directory;
    // As for the place itself: whoever finds it unlocked may collect what is in it.
    lock_ = FileDescriptor(open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (lock_.is_open()) flock(lock_.get(), LOCK_EX);
    return true;
}

}  // namespace heapdrift::process
