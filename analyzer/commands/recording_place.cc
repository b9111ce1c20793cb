#include "analyzer/commands/recording_place.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "analyzer/process/recording_directory.h"

namespace heapdrift::commands {

Destination destination_of(const std::string& output) {
    namespace fs = std::filesystem;
    std::error_code error;
    if (output.empty()) return {fs::current_path(error).string(), ""};
    const fs::path path = fs::absolute(output, error);
    if (!path.has_filename() || fs::is_directory(path, error)) return {path.string(), ""};
    return {path.parent_path().string(), path.filename().string()};
}

std::optional<std::string> existing_output(const Destination& destination) {
    if (destination.name.empty() || destination.name.find('%') != std::string::npos) return {};
    const std::string path = destination.directory + "/" + destination.name;
    struct stat status {};
    if (lstat(path.c_str(), &status) != 0) return {};
    return path;
}

RecordingPlace::RecordingPlace(const std::string& output_directory) {
    if (auto directory = process::create_tmpfs_directory()) {
        path_ = *directory;
    } else {
        std::string hidden = fmt::format("{}/.heapdrift-{}-XXXXXX", output_directory, getpid());
        if (mkdtemp(hidden.data()) == nullptr) {
            error_ = fmt::format("{}: no recording can be kept there: {}", output_directory,
                                 std::strerror(errno));
            return;
        }
        path_ = hidden;
    }
    // Closed on exec: only we hold the lock, not the program.
    lock_ = process::FileDescriptor(open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (lock_.is_open()) flock(lock_.get(), LOCK_EX);
}

}  // namespace heapdrift::commands
