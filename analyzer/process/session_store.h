// What is done to a session file after its process has ended: noting a signal, moving the file
// from where it was written to where the user wants it, and adding symbols.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/session_format.h"

namespace heapdrift::process {

struct SessionOwner {
    uint32_t pid = 0;
    bool root = false;
    EndedBy ended_by = EndedBy::running;
};
// Read without a look at anything else in the file. nullopt for what is no session.
std::optional<SessionOwner> session_owner(const std::string& path);

// All below return "" for success, or what went wrong, to follow the file's name and a colon. On
// failure the file is what it was before.

// For an end that the recorder could not note itself: the signal that killed its process, known
// to whoever waited for it; or that the process went on as another program, known from its next
// session. Does nothing where an end is noted already.
std::string note_end(const std::string& path, EndedBy ended_by, uint32_t status,
                     uint64_t ended_monotonic_ns);

// Never overwrites: `to` must not exist. Only the segments in use are copied, and pages of zeros
// become holes.
std::string move_session(const std::string& from, const std::string& to);

// Writes segments of kind symbols behind the others: the payload is the size of the blob as a
// 64-bit number, then the blob, over as many segments as it takes.
std::string append_symbols(const std::string& path, std::span<const std::byte> blob);

}  // namespace heapdrift::process
