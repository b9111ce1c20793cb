#include "analyzer/commands/gate/gate_runs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "analyzer/model/failure.h"
#include "analyzer/process/launch.h"
#include "analyzer/process/recording_directory.h"

namespace heapdrift::commands {

namespace fs = std::filesystem;

namespace {

std::vector<std::string> own_environment() {
    std::vector<std::string> variables;
    for (char** variable = environ; *variable != nullptr; ++variable)
        variables.emplace_back(*variable);
    return variables;
}

std::vector<std::string> run_arguments(const std::vector<std::string>& command,
                                       const model::RecordSettings& settings,
                                       const SnapshotPace& pace, const std::string& folder) {
    // All files: no leak is too small to be seen.
    std::vector<std::string> words = {"heapdrift",  "run",         "--quiet", "--no-report",
                                      "--keep-all", "--no-config", "-o",      folder + "/"};
    if (settings.scan.value_or(true)) words.emplace_back("--scan");
    words.insert(words.end(), {"--interval", std::to_string(pace.interval_ms)});
    if (pace.operations != 0)
        words.insert(words.end(), {"-O", fmt::format("operations={}", pace.operations)});
    if (settings.depth) words.insert(words.end(), {"--depth", std::to_string(*settings.depth)});
    words.emplace_back("--");
    words.insert(words.end(), command.begin(), command.end());
    return words;
}

}  // namespace

RecordingFolder::RecordingFolder(const std::string& kept) : temporary_(kept.empty()) {
    std::error_code error;
    if (!temporary_) {
        path_ = fs::absolute(kept, error).lexically_normal().string();
        fs::create_directories(path_, error);
        if (error) throw Failure(fmt::format("{}: {}", kept, error.message()));
        return;
    }
    path_ = (fs::temp_directory_path(error) / "heapdrift-check-XXXXXX").string();
    if (mkdtemp(path_.data()) == nullptr)
        throw Failure(fmt::format("{}: {}: no place for the recordings; set TMPDIR", path_,
                                  std::strerror(errno)));
}

RecordingFolder::~RecordingFolder() {
    std::error_code error;
    if (temporary_) fs::remove_all(path_, error);
}

GateRun run_gated(const std::vector<std::string>& command, const model::RecordSettings& settings,
                  const SnapshotPace& pace, const std::string& folder, size_t number) {
    const std::string place = fmt::format("{}/run-{}", folder, number);
    std::error_code error;
    if (!fs::create_directories(place, error))
        throw Failure(fmt::format(
            "{}: {}", place,
            error ? error.message() : "is there already; name another folder for --keep"));
    const process::Outcome outcome =
        process::run_program("/proc/self/exe", run_arguments(command, settings, pace, place),
                             [](pid_t) { return own_environment(); });
    if (outcome.exec_error != 0)
        throw Failure(fmt::format("heapdrift run: {}", std::strerror(outcome.exec_error)));
    return {outcome.exit_code(), process::session_files_in(place)};
}

}  // namespace heapdrift::commands
