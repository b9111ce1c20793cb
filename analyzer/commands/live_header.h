// The header of a running process's session, mapped so that the process sees what is written to it.
#pragma once

#include <cstdint>
#include <memory>

#include "core/session_format.h"

namespace heapdrift::commands {

struct UnmapHeader {
    void operator()(Header* header) const;
};
using LiveHeader = std::unique_ptr<Header, UnmapHeader>;

// Throws Failure where the process is not recorded, or its file may not be written; `purpose` says
// what only its user can do then: "a snapshot can be taken".
LiveHeader map_live_header(uint32_t pid, const char* purpose);

uint64_t monotonic_ns();

}  // namespace heapdrift::commands
