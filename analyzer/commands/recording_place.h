// Where `heapdrift run` records to, and where the finished files go.
#pragma once

#include <optional>
#include <string>

#include "analyzer/process/file_descriptor.h"

namespace heapdrift::commands {

// Where the finished files go, and under which name; decided before the program can change what
// "here" means.
struct Destination {
    std::string directory;
    std::string name;  // "": the recorder's, PROGRAM.PID.heapdrift
};

// Of what -o said.
Destination destination_of(const std::string& output);

// Whether the name given by -o stands for a file that is there already.
std::optional<std::string> existing_output(const Destination& destination);

// A directory of this run's own, locked for as long as the command waits, so that nobody collects
// its files under our hands.
class RecordingPlace {
public:
    explicit RecordingPlace(const std::string& output_directory);

    const std::string& path() const { return path_; }
    const std::string& error() const { return error_; }

private:
    std::string path_;
    std::string error_;
    process::FileDescriptor lock_;
};

}  // namespace heapdrift::commands
