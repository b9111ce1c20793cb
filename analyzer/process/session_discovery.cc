#include "analyzer/process/session_discovery.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <charconv>
#include <exception>
#include <filesystem>
#include <set>
#include <utility>

#include "analyzer/input/process_state.h"
#include "analyzer/model/failure.h"
#include "analyzer/process/file_descriptor.h"
#include "analyzer/process/recording_directory.h"

namespace heapdrift::process {
namespace {

namespace fs = std::filesystem;

class Discovery {
public:
    void add_process(uint32_t pid) {
        try {
            const input::OpenSession session = input::open_session_of(pid);
            SessionSummary summary =
                summarize_session(input::MappedFile::adopt(session.fd, session.path), session.path);
            // A fork child maps its parent's session until it executes a program.
            if (summary.info.pid == pid) add(std::move(summary));
        } catch (const Failure&) {
            // Not recorded, ended while we looked, or another user's.
        }
    }

    void add_file(const std::string& path) {
        try {
            add(summarize_session(path));
        } catch (const Failure& failure) {
            found_.problems.emplace_back(failure.what());
        }
    }

    Discovered take() {
        std::ranges::stable_sort(found_.sessions, {}, [](const SessionSummary& session) {
            return std::pair(session.info.started_realtime_ns, session.info.image);
        });
        recognize_execs();
        return std::move(found_);
    }

private:
    void add(SessionSummary session) {
        if (seen_.insert({session.device, session.inode}).second)
            found_.sessions.push_back(std::move(session));
    }

    // Under plain LD_PRELOAD nobody notes an exec between sessions of different names. Later ones
    // first: what was seen before is what the process went on as.
    void recognize_execs() {
        std::set<std::pair<uint32_t, uint64_t>> went_on;
        for (auto session = found_.sessions.rbegin(); session != found_.sessions.rend();
             ++session) {
            model::SessionInfo& info = session->info;
            const bool first_seen = went_on.insert({info.pid, info.process_start_ticks}).second;
            if (!first_seen && info.ending == model::Ending::killed)
                info.ending = model::Ending::exec;
        }
    }

    Discovered found_;
    std::set<std::pair<dev_t, ino_t>> seen_;
};

std::vector<uint32_t> all_processes() {
    std::vector<uint32_t> pids;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator("/proc", error)) {
        const std::string name = entry.path().filename().string();
        uint32_t pid = 0;
        const auto [end, bad] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (bad == std::errc() && end == name.data() + name.size()) pids.push_back(pid);
    }
    return pids;
}

// Where `heapdrift run` records when there is no room in the shared memory.
std::vector<std::string> hidden_directories(const std::string& place) {
    std::vector<std::string> directories;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(place, error))
        if (entry.path().filename().string().starts_with(".heapdrift-") &&
            entry.symlink_status(error).type() == fs::file_type::directory)
            directories.push_back(entry.path().string());
    return directories;
}

}  // namespace

Discovered discover_sessions(const std::vector<std::string>& places) {
    Discovery discovery;
    // Files first: they are shown by the path that the user knows.
    std::vector<std::string> directories = tmpfs_directories();
    for (const std::string& place : places) {
        std::error_code error;
        if (!fs::is_directory(place, error)) {
            discovery.add_file(place);
            continue;
        }
        directories.push_back(place);
        const std::vector<std::string> hidden = hidden_directories(place);
        directories.insert(directories.end(), hidden.begin(), hidden.end());
    }
    for (const std::string& directory : directories)
        for (const std::string& path : session_files_in(directory)) discovery.add_file(path);
    for (const uint32_t pid : all_processes()) discovery.add_process(pid);
    return discovery.take();
}

std::vector<std::string> abandoned_directories(const std::vector<std::string>& places) {
    std::vector<std::string> candidates = tmpfs_directories();
    for (const std::string& place : places) {
        const std::vector<std::string> hidden = hidden_directories(place);
        candidates.insert(candidates.end(), hidden.begin(), hidden.end());
    }
    // `heapdrift run` holds a lock for as long as it waits.
    std::erase_if(candidates, [](const std::string& directory) {
        const FileDescriptor fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        return !fd.is_open() || flock(fd.get(), LOCK_EX | LOCK_NB) != 0;
    });
    return candidates;
}

}  // namespace heapdrift::process
