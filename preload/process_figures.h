// What the kernel says of the process's memory, for the timeline.
#pragma once

#include "core/session_format.h"

namespace heapdrift {

// Fills the rss, swap, cgroup and pressure fields; kUnknownBytes where a file cannot be read. A
// handful of reads of /proc and /sys, some tens of µs.
void read_process_figures(SnapshotDescriptor& snapshot);
void mark_figures_unknown(SnapshotDescriptor& snapshot);
// How much more memory the process may take beside a copy of itself before the machine or its
// cgroup runs short; kUnknownBytes where neither says. For the holder of the SnapshotLock, like the
// above.
uint64_t memory_headroom();

}  // namespace heapdrift
