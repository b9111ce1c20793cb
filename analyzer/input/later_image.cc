#include "analyzer/input/later_image.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <utility>

#include "core/session_format.h"

namespace heapdrift::input {

namespace {

namespace fs = std::filesystem;

std::optional<Identity> read_identity(const fs::path& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0) return std::nullopt;
    Identity identity;
    const ssize_t size = pread(fd, &identity, sizeof identity, 0);
    close(fd);
    if (size != static_cast<ssize_t>(sizeof identity) || identity.magic != kMagic)
        return std::nullopt;
    return identity;
}

bool is_later_image(const Identity& other, const model::SessionInfo& session) {
    return other.pid == session.pid && other.process_start_ticks == session.process_start_ticks &&
           std::pair(session.started_realtime_ns, session.image) <
               std::pair(other.started_realtime_ns, other.image);
}

}  // namespace

void recognize_exec(model::SessionInfo& session) {
    if (session.ending != model::Ending::killed) return;
    const fs::path parent = fs::path(session.path).parent_path();
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(parent.empty() ? "." : parent, error)) {
        std::error_code gone;
        if (entry.symlink_status(gone).type() != fs::file_type::regular) continue;
        const uintmax_t size = entry.file_size(gone);
        if (gone || size < kSegmentSize || size % kSegmentSize != 0) continue;
        const std::optional<Identity> identity = read_identity(entry.path());
        if (!identity || !is_later_image(*identity, session)) continue;
        session.ending = model::Ending::exec;
        return;
    }
}

}  // namespace heapdrift::input
