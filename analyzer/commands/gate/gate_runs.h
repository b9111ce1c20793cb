// The runs of `check -- PROGRAM`: each under `heapdrift run`, which knows how to keep a program's
// terminal, signals and exit code its own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analyzer/model/gate/settings.h"

namespace heapdrift::commands {

// A folder for recordings: the user's, or one of ours that goes with it.
class RecordingFolder {
public:
    // "" for a temporary one. Throws Failure.
    explicit RecordingFolder(const std::string& kept);
    ~RecordingFolder();
    RecordingFolder(const RecordingFolder&) = delete;
    RecordingFolder& operator=(const RecordingFolder&) = delete;

    const std::string& path() const { return path_; }

private:
    std::string path_;
    bool temporary_;
};

struct GateRun {
    int exit_code = 0;  // the program's, 128 + N for a signal, 125 to 127 where it did not start
    std::vector<std::string> recordings;
};

// When the first snapshots are taken.
struct SnapshotPace {
    uint64_t interval_ms = 5;
    // By operations of each process instead, 0 for time: then they do not hang on how busy the
    // machine is.
    uint64_t operations = 0;
};

// Runs the program, with its recordings in a new folder below.
GateRun run_gated(const std::vector<std::string>& command, const model::RecordSettings& settings,
                  const SnapshotPace& pace, const std::string& folder, size_t number);

}  // namespace heapdrift::commands
