// Gives a loaded profile its names: from the session file when they were embedded there, from the
// modules' files otherwise.
#pragma once

#include "analyzer/input/session_loader.h"

namespace heapdrift::commands {

struct NameOptions {
    bool skip = false;  // module offsets are enough
    bool debuginfod = false;
};

// Fills profile.locations. Says how far it is on stderr when it takes long, on a terminal only.
void name_addresses(input::LoadedSession& session, const NameOptions& options);

}  // namespace heapdrift::commands
