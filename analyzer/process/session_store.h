// What is done to a session file after its process has ended: noting a signal, moving the file
// from where it was written to where the user wants it, and adding symbols.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace heapdrift::process {

// All return "" for success, or what went wrong, to follow the file's name and a colon. On
// failure the file is what it was before.

// The recorder cannot note the signal that killed its process; whoever waited for it can.
std::string note_signal(const std::string& path, int signal, uint64_t monotonic_now_ns);

// Never overwrites: `to` must not exist. Only the segments in use are copied, and pages of zeros
// become holes.
std::string move_session(const std::string& from, const std::string& to);

// Writes segments of kind symbols behind the others: the payload is the size of the blob as a
// 64-bit number, then the blob, over as many segments as it takes.
std::string append_symbols(const std::string& path, std::span<const std::byte> blob);

}  // namespace heapdrift::process
