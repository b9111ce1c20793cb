// From a session's address to its profile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/input/mapped_file.h"
#include "analyzer/input/session_address.h"
#include "analyzer/input/stack_reader.h"
#include "analyzer/model/profile.h"

namespace heapdrift::input {

// The file of an address: by path, or through the process that maps it. Throws Failure.
struct OpenedSession {
    MappedFile file;
    std::string path;
};
OpenedSession open_session(const SessionAddress& address);

struct LoadedSession {
    model::Profile profile;  // without locations, but for those of another tool's recording
    // What analyzer/symbolize wrote into the file when recording had ended; empty if it did not.
    std::vector<std::byte> embedded_symbols;
    std::vector<uint32_t> merged_sites;  // by SiteId, the id of the profile's site it is part of
};

// Also reads other tools' recordings (input/foreign/). Throws Failure for a file that cannot be
// read at all and for a point that does not exist. What is wrong with the rest is in the profile's
// losses.
LoadedSession load_session(const SessionAddress& address);
LoadedSession load_session(OpenedSession opened, const std::string& point);

}  // namespace heapdrift::input
