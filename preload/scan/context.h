// What the process tells the copy of it that does a scan. Lies in the recorder's own memory.
#pragma once

#include <cstdint>

#include "core/session_format.h"

namespace heapdrift::scan {

// Another thread than the one that began the scan.
struct Thread {
    uint32_t tid;
    bool known;  // it was stopped while the copy was made, and the rest is so
    uint64_t sp;
    uint64_t pointer;  // the thread pointer
    int stopped_by;    // as wait has it
};

// Written by the copies, read by the process: the same memory in all of them. So that a second scan
// can tell which blocks were lost in the first as well.
struct Findings {
    static constexpr uint64_t kMost = uint64_t{1} << 23;  // blocks: pages are taken as needed

    Shared<uint32_t> complete;  // 1: written last by the copy
    Shared<ScanObstacle> obstacle;
    Shared<uint64_t> held_ns;  // written by the process when its thread goes on
    uint64_t lost_count;
    uint64_t lost_blocks;  // the first of them; the others are the driver's
    uint64_t lost[kMost];  // ascending addresses, of either
};

struct Context {
    static constexpr uint64_t kScratchBytes = 16 * 1024;

    uint32_t number;
    ScanOccasion occasion;
    uint64_t time_ns;      // since start
    uint64_t begun_ns;     // by the clock: when the thread began to be held
    uint64_t deadline_ns;  // by the clock: when the copy gives up

    uint32_t pid;
    uint32_t caller_tid;
    uint64_t caller_pointer;
    uint64_t caller_sp;  // all from here to the end of its stack is in use

    Thread* threads;
    uint32_t thread_count;
    uint32_t threads_capacity;
    uint64_t* registers;  // of all known threads
    uint64_t register_count;
    uint64_t register_capacity;
    char* scratch;

    ScanSegment** segments;
    uint32_t segment_count;

    Findings* earlier;  // of the first scan; nullptr in the first, and where nothing else runs
    // Of CUDA's memory only what nothing led to then either is lost now; nullptr in that scan, and
    // where exit has not begun.
    const Findings* as_exit_began;
    Findings* findings;
    bool conclusive;  // nothing else runs, or it is the second scan
    bool uncertain;   // the copy lacks memory of the process, or not all threads are listed
    bool gaps;        // not all live blocks are known
    bool devices;     // the driver's objects are in the copy as they were
    long copy;        // pid of the copy, or a negative errno
};

}  // namespace heapdrift::scan
