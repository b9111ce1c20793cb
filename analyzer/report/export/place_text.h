// Frames as valgrind's tools write them: "0x401136: cache_put (cache.cpp:42)", or "(in /lib/x.so)".
#pragma once

#include "analyzer/report/export/frame_numbers.h"
#include "analyzer/report/export/module_layout.h"

namespace heapdrift::report {

// profile and layout must outlive the result.
FrameNumbers::Text place_texts(const model::Profile& profile, const ModuleLayout& layout);

}  // namespace heapdrift::report
