// Whether a process went on as another program, told by the session files of its images.
#pragma once

#include <string>

#include "analyzer/model/profile.h"

namespace heapdrift::input {

// Corrects a session that seems to have been killed: under plain LD_PRELOAD nobody notes that a
// process executed a program whose session has another name. Where a later image's session lies
// in the same directory it was exec. Reads the beginning of every file there that has the size of
// a session, and does nothing for a session that ended in any other way.
void recognize_exec(model::SessionInfo& session);

}  // namespace heapdrift::input
