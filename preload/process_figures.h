// What the kernel says of the process's memory, for the timeline.
#pragma once

#include "core/session_format.h"

namespace heapdrift {

// Fills the rss, swap, cgroup and pressure fields; kUnknownBytes where a file cannot be read. A
// handful of reads of /proc and /sys, some tens of µs.
void read_process_figures(SnapshotDescriptor& snapshot);
void mark_figures_unknown(SnapshotDescriptor& snapshot);

}  // namespace heapdrift
