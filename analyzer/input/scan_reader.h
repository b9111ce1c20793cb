// The result of the last scan in a session file.
#pragma once

#include <optional>
#include <vector>

#include "analyzer/model/reachability.h"
#include "core/session_view.h"

namespace heapdrift::input {

struct ScanResult {
    model::Scan scan;
    std::vector<model::Reachability> sites;  // by SiteId
};

// Nothing where there was no scan, or none came to a result. A scan that goes on does no harm: its
// result has a place of its own. Rows of sites that the view does not know are left out.
std::optional<ScanResult> read_last_scan(const SessionView& view);

}  // namespace heapdrift::input
