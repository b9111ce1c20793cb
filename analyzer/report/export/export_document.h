// What the writers of other tools' formats are given.
#pragma once

#include <string>
#include <vector>

#include "analyzer/model/profile.h"
#include "analyzer/model/timeline.h"

namespace heapdrift::report {

// Those formats have one total: the profile's sites are those that it is made of.
struct ExportDocument {
    const model::Profile& profile;
    model::Timeline timeline = {};  // for formats that show time; else empty
    // By module, for formats whose readers look up names themselves; else empty.
    std::vector<std::vector<model::CodeSegment>> code = {};
};

inline bool is_estimate(const model::Profile& profile) {
    return profile.session.mode == Mode::sampled;
}

// "recorded by heapdrift", or by another tool.
std::string origin(const model::Profile& profile);

// What a reader must know of the figures, to be put behind a text where a format has room for it:
// ", sampled: …, N operations were not recorded", or nothing.
std::string remarks(const model::Profile& profile);

}  // namespace heapdrift::report
