// Completion of the command line by a shell, as a script for it.
#pragma once

#include <string>
#include <vector>

#include "analyzer/commands/documentation/command_text.h"

namespace heapdrift::commands {

// `app` describes what stands before any command.
std::string bash_completion(const CommandText& app, const std::vector<CommandText>& commands);
std::string zsh_completion(const CommandText& app, const std::vector<CommandText>& commands);
std::string fish_completion(const CommandText& app, const std::vector<CommandText>& commands);

// 'text' for any of the three shells.
std::string shell_quoted(const std::string& text);

}  // namespace heapdrift::commands
