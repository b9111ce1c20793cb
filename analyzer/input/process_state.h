// What the kernel says of the process that a session came from.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/model/profile.h"
#include "core/session_view.h"

namespace heapdrift::input {

// Field 22 of /proc/PID/stat; nothing when there is no such process or it is a zombie.
std::optional<uint64_t> process_start_ticks(uint32_t pid);

// The beginning of a file that a process maps shared and writes, as a recorder maps its session's
// header. What file it is only its content tells: users name session files as they like.
struct SharedMapping {
    uint64_t start = 0;
    uint64_t end = 0;
    dev_t device = 0;
    ino_t inode = 0;
    std::string path;
};
// nothing: the process is gone, or its maps may not be read.
std::optional<std::vector<SharedMapping>> shared_mappings(uint32_t pid);

// How the session ended. What the recorder noted counts; where it noted nothing the process is
// looked up: it exists (same pid, same start) and maps the file -> running; exists and does not ->
// it has executed another program; gone -> killed. Where its maps may not be read it is believed
// to be running.
model::Ending ending_of(const Identity& identity, EndedBy noted, dev_t device, ino_t inode);

// A descriptor of the session file that the process maps, however its path is seen from here.
// Throws Failure when it maps none or it may not be opened.
struct OpenSession {
    int fd = -1;
    std::string path;
};
OpenSession open_session_of(uint32_t pid);

}  // namespace heapdrift::input
