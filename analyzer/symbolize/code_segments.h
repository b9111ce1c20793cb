// Which parts of a module's file are mapped as code.
#pragma once

#include <vector>

#include "analyzer/model/module.h"

namespace heapdrift::symbolize {

// By address; empty where the module's own file is gone or another one now.
std::vector<model::CodeSegment> code_segments(const model::Module& module);

}  // namespace heapdrift::symbolize
