// Whether a session file is whole, and what a whole one does not hold.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/model/profile.h"

namespace heapdrift::model {

// `name` is for machines; `text` a part of a sentence, with its numbers.
struct Finding {
    const char* name = "";
    uint64_t count = 0;
    std::string text;
};

struct Integrity {
    uint64_t records = 0;  // that were checked; of these:
    uint64_t frames = 0;   // of the prefix tree of call stacks, without its roots
    uint64_t sites = 0;
    uint64_t earlier_counters = 0;  // of one site in one snapshot; 0 while the process runs
    std::vector<Finding> damages;   // of the file: what was there once, or cannot be
    bool names_embedded = false;

    bool whole() const { return damages.empty(); }
};

// What a reader may look for and will not find, though the file is as it was written.
std::vector<Finding> missing_parts(const Profile& profile, const Integrity& integrity);

}  // namespace heapdrift::model
