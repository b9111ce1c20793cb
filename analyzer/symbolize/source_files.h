// Finds the source files that line tables name, on this machine.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/model/source_excerpt.h"

namespace heapdrift::symbolize {

class SourceFiles {
public:
    // Each of `places` is FROM=TO, which replaces the beginning of a path, or a directory in which
    // the end of a path is looked for, as long a one as there is. They are tried in this order,
    // then the path as it was recorded. Throws UsageFailure for one that is no directory.
    explicit SourceFiles(const std::vector<std::string>& places);

    // `since_ns`: when the recording began, since 1970.
    std::optional<model::SourceExcerpt> excerpt(const std::string& file, uint32_t line,
                                                uint64_t since_ns);

private:
    struct File {
        std::string path;
        uint64_t changed_ns = 0;
        std::vector<std::string> lines;
    };
    struct Place {
        std::string from;  // "" for a directory to look in
        std::string to;
    };

    const File* find(const std::string& file);
    std::string path_of(const std::string& file) const;

    std::vector<Place> places_;
    std::map<std::string, std::optional<File>> files_;
};

}  // namespace heapdrift::symbolize
