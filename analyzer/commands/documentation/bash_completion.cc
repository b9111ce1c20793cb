#include <fmt/format.h>

#include <map>

#include "analyzer/commands/documentation/completion.h"

namespace heapdrift::commands {

namespace {

constexpr const char* kHead =
    R"(# bash completion for heapdrift, as "heapdrift completion bash" writes it.

_heapdrift_words() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

_heapdrift_files() {
    mapfile -t COMPREPLY < <(compgen "$@")
    compopt -o filenames 2>/dev/null
}

_heapdrift() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command='' options='' operands='' at
    COMPREPLY=()
    # --name=value comes as three words.
    if [[ $current == = ]]; then
        current=''
    elif [[ $previous == = ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    for ((at = 1; at < COMP_CWORD; ++at)); do
        if [[ ${COMP_WORDS[at]} != -* ]]; then
            command=${COMP_WORDS[at]}
            break
        fi
    done
)";

constexpr const char* kTail = R"(    if [[ $current == -* ]]; then
        _heapdrift_words "$options" "$current"
        return
    fi
    case $operands in
    file) _heapdrift_files -f -- "$current" ;;
    *) _heapdrift_words "$operands" "$current" ;;
    esac
}
complete -F _heapdrift heapdrift
)";

std::string joined(const std::vector<std::string>& words) {
    return fmt::format("{}", fmt::join(words, " "));
}

std::string option_names(const CommandText& command) {
    std::string names;
    for (const OptionText& option : command.options)
        names += (names.empty() ? "" : " ") + joined(option.names);
    return names;
}

bool takes_value(const OptionText& option) {
    return option.kind != ValueKind::none;
}

// What completes a value; "" for what only its user knows.
std::string action_of(const OptionText& option) {
    switch (option.kind) {
        case ValueKind::choice:
            return fmt::format("_heapdrift_words '{}' \"$current\"", joined(option.choices));
        case ValueKind::file:
            return "_heapdrift_files -f -- \"$current\"";
        case ValueKind::directory:
            return "_heapdrift_files -d -- \"$current\"";
        case ValueKind::none:
        case ValueKind::text:
        case ValueKind::program:
            break;
    }
    return ":";
}

// What follows an option. Options of one kind stand together.
std::string value_cases(const std::vector<CommandText>& commands) {
    std::map<std::string, std::string> patterns;
    for (const CommandText& command : commands)
        for (const OptionText& option : command.options)
            if (takes_value(option))
                for (const std::string& name : option.names) {
                    std::string& pattern = patterns[action_of(option)];
                    pattern +=
                        fmt::format("{}'{} {}'", pattern.empty() ? "" : " | ", command.name, name);
                }
    std::string text = "    case \"$command $previous\" in\n";
    for (const auto& [action, pattern] : patterns)
        text += fmt::format("    {})\n        {}\n        return\n        ;;\n", pattern, action);
    return text + "    esac\n";
}

// Words behind the program's name are its own.
std::string program_case(const CommandText& command) {
    std::string names;
    for (const OptionText& option : command.options)
        if (takes_value(option))
            for (const std::string& name : option.names)
                names += (names.empty() ? "" : " | ") + name;
    return fmt::format(R"(        while ((++at < COMP_CWORD)); do
            case ${{COMP_WORDS[at]}} in
            --)
                ((++at))
                break
                ;;
            {})
                ((++at))
                [[ ${{COMP_WORDS[at]}} != = ]] || ((++at))
                ;;
            -*) ;;
            *) break ;;
            esac
        done
        if ((at < COMP_CWORD)); then
            if declare -F _command_offset >/dev/null; then
                _command_offset "$at"
            else
                _heapdrift_files -f -- "$current"
            fi
            return
        fi
        if [[ $current != -* && $previous != = ]]; then
            _heapdrift_files -c -- "$current"
            return
        fi
)",
                       names);
}

std::string command_case(const CommandText& command) {
    std::string text =
        fmt::format("    {})\n        options='{}'\n", command.name, option_names(command));
    for (const OptionText& positional : command.positionals) {
        if (positional.kind == ValueKind::file) text += "        operands=file\n";
        if (positional.kind == ValueKind::choice)
            text += fmt::format("        operands='{}'\n", joined(positional.choices));
        if (positional.kind == ValueKind::file || positional.kind == ValueKind::choice) break;
    }
    return text + "        ;;\n";
}

}  // namespace

std::string shell_quoted(const std::string& text) {
    std::string quoted = "'";
    for (const char c : text) quoted += c == '\'' ? R"('\'')" : std::string(1, c);
    return quoted + "'";
}

std::string bash_completion(const CommandText& app, const std::vector<CommandText>& commands) {
    std::string names;
    for (const CommandText& command : commands) names += (names.empty() ? "" : " ") + command.name;
    std::string text = kHead + value_cases(commands);
    for (const CommandText& command : commands)
        if (command.arguments_follow)
            text += fmt::format("    if [[ $command == {} ]]; then\n{}    fi\n", command.name,
                                program_case(command));
    text += fmt::format(
        "    case $command in\n    '')\n        options='{}'\n        "
        "operands='{}'\n        ;;\n",
        option_names(app), names);
    for (const CommandText& command : commands) text += command_case(command);
    return text + "    esac\n" + kTail;
}

}  // namespace heapdrift::commands
