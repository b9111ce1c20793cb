// What stands in a scan's way before there is a copy of the process.
#pragma once

#include "core/scan_results.h"

namespace heapdrift::scan {

// Of the process as it is: none, or why no scan of it can tell anything.
ScanObstacle check_process();

// Whether there is memory for the copy's own tables, and for what the process changes in the
// meantime.
bool memory_suffices();

}  // namespace heapdrift::scan
