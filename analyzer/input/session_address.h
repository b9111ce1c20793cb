// How a user names a point of a session: FILE, FILE@7, FILE@label, FILE@peak, FILE@last, and the
// same with the pid of a running process in the place of FILE.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/model/profile.h"

namespace heapdrift::input {

struct SessionAddress {
    std::string file;  // as it was written; "" where a pid was
    std::optional<uint32_t> pid;
    std::string point = "last";  // what stood behind the @
};

// A file that has the whole name wins over a split at @, and a file over a pid. Throws
// UsageFailure for an empty name.
SessionAddress parse_session_address(const std::string& text);

// The snapshot meant by `point`, or nothing for the last state. Throws Failure for one that does
// not exist: a number that was thinned out names its neighbours.
std::optional<model::SnapshotInfo> find_point(const std::string& point,
                                              const std::vector<model::SnapshotInfo>& snapshots,
                                              uint32_t last_number);

}  // namespace heapdrift::input
