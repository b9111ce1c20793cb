// Manual pages, in the macros of man(7).
#pragma once

#include <string>
#include <vector>

#include "analyzer/commands/documentation/command_text.h"

namespace heapdrift::commands {

// heapdrift(1), with a list of the commands.
std::string manual_of_app(const CommandText& app, const std::vector<CommandText>& commands);
// heapdrift-COMMAND(1).
std::string manual_of_command(const CommandText& command);

}  // namespace heapdrift::commands
