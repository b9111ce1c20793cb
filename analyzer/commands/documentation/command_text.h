// What the command line's parser knows of a command, as values: shell completion and manual pages
// are made from the same options and texts as --help.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace heapdrift::commands {

// What a value is, for those who complete it.
enum class ValueKind { none, text, choice, file, directory, program };

struct OptionText {
    std::vector<std::string> names;  // "-o", "--output"; of a positional one: its name
    std::string value;               // what --help calls it: "FILE", "" for a flag
    std::string description;
    ValueKind kind = ValueKind::none;
    bool value_optional = false;  // then it stands behind a "="
    bool required = false;
    bool many = false;
    std::vector<std::string> choices;
};

struct CommandText {
    std::string name;
    std::string description;
    std::vector<OptionText> options;
    std::vector<OptionText> positionals;
    std::string footer;
    bool arguments_follow = false;  // what follows the first positional is a program's own
};

CommandText describe(CLI::App& command);
// In the order of the help.
std::vector<CommandText> describe_subcommands(CLI::App& app);

}  // namespace heapdrift::commands
