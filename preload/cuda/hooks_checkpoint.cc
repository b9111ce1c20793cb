// A checkpoint takes all memory off the devices and puts it back later, at the same addresses:
// nothing is deallocated. Snapshots mark the moments, where a process does that to itself.
#include "preload/cuda/forward.h"
#include "preload/recorder.h"

using namespace heapdrift;
using namespace heapdrift::cuda;

namespace {

void mark(const DriverCall& call, Result result, int pid, const char* label) {
    if (call.recorded() && result == kSuccess &&
        static_cast<uint32_t>(pid) == recorder.file.header().identity.pid)
        take_snapshot(SnapshotKind::program, label);
}

}  // namespace

HEAPDRIFT_EXPORT Result cuCheckpointProcessCheckpoint(int pid, void* arguments) {
    const DriverCall call;
    const Result result = forward<Entry::cuCheckpointProcessCheckpoint>(pid, arguments);
    mark(call, result, pid, "CUDA checkpoint");
    return result;
}

HEAPDRIFT_EXPORT Result cuCheckpointProcessRestore(int pid, void* arguments) {
    const DriverCall call;
    const Result result = forward<Entry::cuCheckpointProcessRestore>(pid, arguments);
    mark(call, result, pid, "CUDA restore");
    return result;
}
