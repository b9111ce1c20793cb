// Where in the source a stack is shown, and how the path is written: relative to the project, so
// that reports of two machines are the same and editors and code hosts find the file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analyzer/model/place.h"

namespace heapdrift::report {

struct SourcePlace {
    std::string file;  // relative where it lies in the project
    uint32_t line = 0;
    bool in_project = false;
};

class SourcePlaces {
public:
    SourcePlaces() = default;
    // The project's folder; shell patterns of files in it that are the team's own, none for all.
    SourcePlaces(std::string root, std::vector<std::string> own_files);

    // Nothing where no file is known.
    std::optional<SourcePlace> of(const model::Frame& frame) const;
    // The frame to show: the innermost of the project that does not only pass an allocation on,
    // else the innermost of any source, else the innermost. stack must not be empty.
    size_t frame_to_show(const std::vector<model::Frame>& stack) const;

    const std::string& root() const { return root_; }

private:
    std::string root_;
    std::vector<std::string> own_files_;
};

// "main (libfoo.so)", with what is known.
std::string function_text(const model::Frame& frame);

}  // namespace heapdrift::report
