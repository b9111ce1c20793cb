// Whether the last snapshot was taken while the program freed all that it holds, on its way out.
//
// A server that is told to stop destroys its caches before it calls exit, and Python its modules:
// that says as little of how memory was used before as what is freed behind exit. It takes a
// moment. Where it takes longer, as in a batch program that builds something up and takes it apart
// again, it is part of the program's work, and counts.
#pragma once

namespace heapdrift::model {

struct LiveAt {
    double seconds = 0;
    double blocks = 0;
};

// earlier, before, last: at the last three snapshots. exit_began: in seconds.
bool is_teardown(const LiveAt& earlier, const LiveAt& before, const LiveAt& last,
                 double exit_began);

}  // namespace heapdrift::model
