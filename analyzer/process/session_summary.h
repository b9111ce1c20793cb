// One line's worth of a session: what a list shows, and what `heapdrift run` decides by.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "analyzer/input/mapped_file.h"
#include "analyzer/model/profile.h"

namespace heapdrift::process {

struct SessionSummary {
    model::SessionInfo info;
    model::Losses losses;
    // Until the end, until now while it runs, until the last known moment where it was killed.
    double seconds = 0;
    // Over the domains that domain_in_total allows.
    uint64_t allocations = 0;
    uint64_t live_bytes = 0;
    uint64_t peak_live_bytes = 0;  // of the heap
    uint64_t allocated_bytes = 0;  // over all domains
    // Of `allocations`, those whose call stack is not complete.
    uint64_t truncated_allocations = 0;
    // What the recorder took; its table of live blocks is in it once the process has ended by exit.
    uint64_t own_bytes = 0;
    uint64_t started_monotonic_ns = 0;
    dev_t device = 0;
    ino_t inode = 0;

    bool running() const { return info.ending == model::Ending::running; }
    // What the user called it: a link to the executable has a name of its own.
    std::string program() const { return model::started_name(info); }
};

// Throws Failure, naming `path`, for what is no readable session.
SessionSummary summarize_session(const std::string& path);
SessionSummary summarize_session(const input::MappedFile& file, const std::string& path);

// "running", "exit 0", "SIGSEGV", "killed", "exec".
std::string state_text(const SessionSummary& session);

}  // namespace heapdrift::process
