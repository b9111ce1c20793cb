// heapdrift-baseline.json: the file that a team keeps in its repository. report/gate writes it.
#pragma once

#include <string>
#include <string_view>

#include "analyzer/model/gate/baseline.h"

namespace heapdrift::input {

// Throws UsageFailure that names file, line and what was expected.
model::Baseline parse_baseline(std::string_view text, const std::string& file);

// Without a file the baseline is empty. Throws Failure where it cannot be read.
struct LoadedBaseline {
    model::Baseline baseline;
    bool exists = false;
};
LoadedBaseline load_baseline(const std::string& path);

}  // namespace heapdrift::input
