// Long text on a terminal is shown by a pager, with git's manners.
#pragma once

#include <string>

namespace heapdrift::commands {

// The command, for a shell: $HEAPDRIFT_PAGER, $PAGER, or less, which then gives short text out and
// ends. "" where standard output is no terminal, or where the variable is empty or "cat".
std::string pager_command();

// Returns when the user has left the pager. False where it could not be run: then nothing was
// shown.
bool show_in_pager(const std::string& command, const std::string& text);

}  // namespace heapdrift::commands
