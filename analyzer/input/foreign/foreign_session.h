// Recordings of other tools, read as sessions of one point: gperftools' and jemalloc's heap
// profiles, pprof's format, heaptrack's recordings.
#pragma once

#include <optional>
#include <string>

#include "analyzer/input/session_loader.h"

namespace heapdrift::input {

// Whose recording the file is: "heaptrack"; "" for none of those. Looks at its first line alone.
std::string foreign_recorder(const OpenedSession& opened);

// Nothing for a file that is none of those. Throws Failure for a damaged one, and for a point other
// than the last.
std::optional<LoadedSession> load_foreign_session(const OpenedSession& opened,
                                                  const std::string& point);

}  // namespace heapdrift::input
