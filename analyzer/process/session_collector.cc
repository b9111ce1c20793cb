#include "analyzer/process/session_collector.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <exception>
#include <map>
#include <set>

#include "analyzer/process/recording_directory.h"
#include "analyzer/process/session_store.h"

namespace heapdrift::process {
namespace {

class Collector {
public:
    Collector(const CollectOptions& options, Collected& collected)
        : options_(options), collected_(collected) {}

    void take_all(std::vector<SessionSummary> sessions) {
        // What env, a shell or a version manager finally executed is what the user means: the name
        // given by -o is the last image's, and earlier ones of the process are numbered.
        for (const SessionSummary& session : sessions)
            if (is_root(session)) main_ = &session;
        if (main_ != nullptr) used_.insert(wanted_path(*main_));
        for (SessionSummary& session : sessions) take(session);
    }

private:
    void take(SessionSummary& session) {
        if (!session.running()) {
            if (is_small(session)) {
                unlink(session.info.path.c_str());
                ++collected_.dropped;
                collected_.dropped_sessions.push_back(session);
                return;
            }
            finish(session);
        }
        collected_.sessions.push_back(session);
    }

    bool is_root(const SessionSummary& session) const {
        return session.info.root || (options_.root_pid != 0 &&
                                     session.info.pid == static_cast<uint32_t>(options_.root_pid));
    }

    // A hundred small helpers must not bury the process that matters. A launcher such as env is
    // one too: an image of the root process that went on to execute another program.
    bool is_small(const SessionSummary& session) const {
        const bool helper = !is_root(session) || session.info.ending == model::Ending::exec;
        return helper && !options_.keep_all && session.losses.dropped_total() == 0 &&
               session.losses.stop_reason.empty() &&
               session.allocated_bytes < options_.smallest_descendant_bytes;
    }

    std::string wanted_path(const SessionSummary& session) const {
        return fmt::format("{}/{}", options_.directory, wanted_name(session));
    }

    std::string wanted_name(const SessionSummary& session) const {
        if (options_.name.empty())
            return session.info.path.substr(session.info.path.rfind('/') + 1);
        const std::string name = expand_name(options_.name, session.program(), session.info.pid);
        if (is_root(session) || name_has_pid(options_.name)) return name;
        return fmt::format("{}.{}", name, session.info.pid);
    }

    // The wanted name, or the first of NAME.1, NAME.2, … that is free: images of one process, and
    // recordings of earlier processes with the same pid.
    std::string final_path(const SessionSummary& session) {
        const std::string base = wanted_path(session);
        std::string path = base;
        if (&session == main_) used_.erase(base);
        for (unsigned attempt = 1;; ++attempt) {
            struct stat status {};
            const bool exists = lstat(path.c_str(), &status) == 0;
            if (exists && options_.overwrite && S_ISREG(status.st_mode) && !used_.contains(path))
                unlink(path.c_str());
            else if (exists || used_.contains(path)) {
                path = fmt::format("{}.{}", base, attempt);
                continue;
            }
            used_.insert(path);
            return path;
        }
    }

    void finish(SessionSummary& session) {
        if (!options_.directory.empty()) {
            const std::string path = final_path(session);
            if (const std::string error = move_session(session.info.path, path); !error.empty()) {
                collected_.problems.push_back(
                    fmt::format("{}: {}; the complete recording is still in {}", path, error,
                                session.info.path));
                return;
            }
            session.info.path = path;
        }
        if (options_.symbols && !collected_.interrupted) embed(session.info.path);
    }

    void embed(const std::string& path) {
        try {
            if (const std::string error = embed_symbols(path, options_.progress); !error.empty())
                collected_.problems.push_back(fmt::format(
                    "{}: no symbols were embedded: {}. The recording is complete; read it on this "
                    "machine while its programs are unchanged",
                    path, error));
        } catch (const Interrupted&) {
            collected_.interrupted = true;
        }
    }

    const CollectOptions& options_;
    Collected& collected_;
    const SessionSummary* main_ = nullptr;  // the last image of the root process
    std::set<std::string> used_;
};

std::vector<SessionSummary> read_sessions(const std::vector<std::string>& directories,
                                          std::vector<std::string>& problems) {
    std::vector<SessionSummary> sessions;
    for (const std::string& directory : directories)
        for (const std::string& path : session_files_in(directory)) {
            try {
                sessions.push_back(summarize_session(path));
            } catch (const std::exception& failure) {
                problems.emplace_back(failure.what());
            }
        }
    // The first image of a process gets the plain name.
    std::ranges::stable_sort(sessions, {}, [](const SessionSummary& session) {
        return std::pair(session.info.started_realtime_ns, session.info.image);
    });
    return sessions;
}

}  // namespace

std::vector<SessionSummary> sessions_in(const std::string& recording_directory) {
    std::vector<std::string> problems;
    return read_sessions({recording_directory}, problems);
}

bool note_ends(const std::string& recording_directory, const KnownEnd& known) {
    bool news = false;
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const uint64_t now_ns =
        static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
    // Later images first: what was seen before is what the process went on as.
    std::map<std::pair<uint32_t, uint64_t>, uint64_t> next_image_ns;
    std::vector<SessionSummary> sessions = sessions_in(recording_directory);
    std::ranges::reverse(sessions);
    for (const SessionSummary& session : sessions) {
        const std::pair process(session.info.pid, session.info.process_start_ticks);
        const auto next = next_image_ns.find(process);
        if (next != next_image_ns.end())
            note_end(session.info.path, EndedBy::exec, 0, next->second);
        else if (known.pid != 0 && session.info.pid == static_cast<uint32_t>(known.pid)) {
            news = session.info.ending == model::Ending::killed && !session.losses.confined;
            note_end(session.info.path, known.ended_by, known.status, now_ns);
        }
        next_image_ns[process] = session.started_monotonic_ns;
    }
    return news;
}

Collected collect_sessions(const std::string& recording_directory, const CollectOptions& options) {
    Collected collected;
    std::vector<std::string> directories = {recording_directory};
    if (!options.overflow.empty()) directories.push_back(options.overflow);
    Collector(options, collected).take_all(read_sessions(directories, collected.problems));
    return collected;
}

std::string expand_name(const std::string& pattern, const std::string& program, uint32_t pid) {
    std::string name;
    for (size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '%' || i + 1 == pattern.size()) {
            name += pattern[i];
            continue;
        }
        switch (pattern[++i]) {
            case 'p':
                name += std::to_string(pid);
                break;
            case 'e':
                name += program;
                break;
            default:
                name += pattern[i];
                break;
        }
    }
    return name;
}

bool name_has_pid(const std::string& pattern) {
    for (size_t i = 0; i + 1 < pattern.size(); ++i)
        if (pattern[i] == '%' && pattern[++i] == 'p') return true;
    return false;
}

}  // namespace heapdrift::process
