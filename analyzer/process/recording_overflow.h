// Shared memory is memory: the recordings of a build's thousand compilers would fill it. Those of
// descendants that have ended go to the disk as soon as all together take too much.
#pragma once

#include <cstdint>
#include <string>

#include "analyzer/process/file_descriptor.h"

namespace heapdrift::process {

class RecordingOverflow {
public:
    // From `place` to a hidden directory in `disk`, made when it is needed. disk "": nowhere.
    RecordingOverflow(std::string place, std::string disk, uint64_t most_bytes = 256 * 1024 * 1024)
        : place_(std::move(place)), disk_(std::move(disk)), most_bytes_(most_bytes) {}

    // Called now and then while the program runs. What cannot be moved stays.
    void relieve();

    // Where the moved ones are, "" while there are none.
    const std::string& directory() const { return directory_; }

private:
    bool make_directory();

    std::string place_;
    std::string disk_;
    uint64_t most_bytes_;
    std::string directory_;
    FileDescriptor lock_;
};

}  // namespace heapdrift::process
