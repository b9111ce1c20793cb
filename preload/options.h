// The recorder's options, from HEAPDRIFT_OPTIONS="name=value:name=value". A ':' or '\' inside a
// value is written with a backslash before it. Unknown names are named on stderr and ignored.
#pragma once

#include <cstdint>

#include "preload/text.h"

namespace heapdrift {

struct Options {
    // All zero, as they are before they are read.
    static constexpr Options unread() {
        Options options;
        options.interval_ms = options.depth = options.min_descendant = options.clock = 0;
        return options;
    }

    // Where the session file goes: %p pid, %e program, %% percent. A process other than root_pid
    // gets ".PID" appended when there is no %p.
    TextBuffer<1024> output;
    uint64_t root_pid = 0;      // the process that `heapdrift run` started; 0: none
    uint64_t interval_ms = 20;  // between the first scheduled snapshots
    // Between the first scheduled snapshots in operations of the process, so that they do not hang
    // on the clock; 0: by time.
    uint64_t operations = 0;
    uint64_t depth = 1024;            // frames kept of a stack
    uint64_t min_descendant = 65536;  // a descendant that allocated less leaves no file
    uint64_t keep_all = 0;
    uint64_t sample = 0;  // record a block in so many bytes on average; 0: every block
    uint64_t scan = 0;    // 1: at exit, find the blocks that nothing leads to
    // 1: lead modules that do not see the recorder to its CUDA hooks, by changing what they bind to
    uint64_t cuda_patch = 0;
    uint64_t verify = 0;  // compare each so-many-th stack with libunwind's; 0: none
    uint64_t clock = 1;   // time runs so many times as fast: to see what becomes of long runs

    // Whether a descendant's file is dropped where it remains small, and may as well be made later.
    // Not so where something is prepared before main, or the file's name hangs on the folder.
    bool file_may_wait() const {
        return root_pid != 0 && keep_all == 0 && verify == 0 && cuda_patch == 0 &&
               min_descendant != 0 && output.text()[0] == '/';
    }
};

// text may be nullptr. Returns the defaults with what text says.
Options parse_options(const char* text);

}  // namespace heapdrift
