// A few lines of the program's source round a place on a call stack.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace heapdrift::model {

struct SourceExcerpt {
    std::string path;         // of the file that was found
    uint32_t first_line = 1;  // of `lines`
    uint32_t line = 0;        // the one that was asked for
    std::vector<std::string> lines;
    bool changed = false;  // the file is younger than the recording: the lines may have moved
};

// Nothing where the file is not found, or is not the program's own but of a library's headers.
using SourceLookup =
    std::function<std::optional<SourceExcerpt>(const std::string& file, uint32_t line)>;

}  // namespace heapdrift::model
