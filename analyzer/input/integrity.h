// The whole of a session file looked at: whether what its records say of each other can be.
#pragma once

#include "analyzer/input/session_loader.h"
#include "analyzer/model/integrity.h"
#include "core/session_view.h"

namespace heapdrift::input {

// There is no sum over the bytes: the recorder works in the file until its process dies. So a
// figure that is wrong but possible is not found; cut ends, lost segments, records that lead
// nowhere and figures that cannot be are. What a process killed in the middle of a store leaves
// behind is no damage. Of one that is running only what does not change is looked at. `loaded` is
// what load_session made of the file; another tool's recording was read whole by it, or refused.
model::Integrity check_integrity(const OpenedSession& opened, const LoadedSession& loaded);
// The same of a session's bytes that can be read at all.
model::Integrity check_integrity(const SessionView& view, const LoadedSession& loaded);

}  // namespace heapdrift::input
