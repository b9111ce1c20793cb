#include <fmt/format.h>

#include "analyzer/commands/documentation/completion.h"

namespace heapdrift::commands {

namespace {

constexpr const char* kHead = R"(#compdef heapdrift
# zsh completion for heapdrift, as "heapdrift completion zsh" writes it.

_heapdrift() {
    local context state state_descr line
    typeset -A opt_args
    local -a commands
)";

constexpr const char* kTail = R"(        esac
        ;;
    esac
}

# Called as a function of $fpath, or sourced.
if [[ $funcstack[1] == _heapdrift ]]; then
    _heapdrift "$@"
else
    compdef _heapdrift heapdrift
fi
)";

// Inside a specification of _arguments or _describe.
std::string escaped(const std::string& text, std::string_view special) {
    std::string out;
    for (const char c : text) {
        if (c == '\\' || special.find(c) != std::string_view::npos) out += '\\';
        out += c;
    }
    return out;
}

std::string value_of(const OptionText& option) {
    const std::string& name = option.value.empty() ? option.names.front() : option.value;
    const std::string label = escaped(name, ":");
    switch (option.kind) {
        case ValueKind::choice:
            return fmt::format("{}:({})", label, fmt::join(option.choices, " "));
        case ValueKind::file:
            return label + ":_files";
        case ValueKind::directory:
            return label + ":_files -/";
        case ValueKind::program:
            return label + ": _command_names -e";
        case ValueKind::none:
        case ValueKind::text:
            break;
    }
    return label + ": ";
}

// One specification for each name; those of one option exclude each other, unless it is repeated.
std::string option_specs(const OptionText& option, const std::string& indent) {
    std::string text;
    const std::string all = fmt::format("{}", fmt::join(option.names, " "));
    for (const std::string& name : option.names) {
        std::string spec = option.many ? "*" : option.names.size() > 1 ? '(' + all + ')' : "";
        spec += name;
        if (option.value_optional)
            spec += "=-";
        else if (option.kind != ValueKind::none && name.starts_with("--"))
            spec += '=';
        spec += '[' + escaped(option.description, "[]") + ']';
        if (option.value_optional)
            spec += "::" + escaped(option.value, ":[]") + ": ";
        else if (option.kind != ValueKind::none)
            spec += ':' + value_of(option);
        text += fmt::format(" \\\n{}{}", indent, shell_quoted(spec));
    }
    return text;
}

std::string positional_specs(const CommandText& command, const std::string& indent) {
    std::string text;
    size_t number = 0;
    for (const OptionText& positional : command.positionals) {
        ++number;
        std::string spec;
        if (command.arguments_follow)
            spec = fmt::format("(-){}:{}", number, value_of(positional));
        else if (positional.many)
            spec = "*:" + value_of(positional);
        else
            spec = fmt::format("{}{}{}", number,
                               positional.required ? ":" : "::", value_of(positional));
        text += fmt::format(" \\\n{}{}", indent, shell_quoted(spec));
        if (command.arguments_follow) text += fmt::format(" \\\n{}'*::arguments: _normal'", indent);
    }
    return text;
}

}  // namespace

std::string zsh_completion(const CommandText& app, const std::vector<CommandText>& commands) {
    std::string text = kHead;
    text += "    commands=(\n";
    for (const CommandText& command : commands)
        text += fmt::format("        {}\n",
                            shell_quoted(command.name + ':' + escaped(command.description, ":")));
    text += "    )\n    _arguments -C -S";
    for (const OptionText& option : app.options) text += option_specs(option, "        ");
    text +=
        " \\\n        '1:command:->command' \\\n        '*:: :->arguments' && return\n"
        "    case $state in\n"
        "    command) _describe -t commands command commands ;;\n"
        "    arguments)\n        case $words[1] in\n";
    for (const CommandText& command : commands) {
        text += fmt::format("        {})\n            _arguments -S", command.name);
        for (const OptionText& option : command.options)
            text += option_specs(option, "                ");
        text += positional_specs(command, "                ") + "\n            ;;\n";
    }
    return text + kTail;
}

}  // namespace heapdrift::commands
