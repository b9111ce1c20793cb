#include <fmt/format.h>

#include "analyzer/commands/documentation/completion.h"

namespace heapdrift::commands {

namespace {

constexpr const char* kHead =
    R"(# fish completion for heapdrift, as "heapdrift completion fish" writes it.

# The first word that is no option; "" where there is none yet.
function __heapdrift_command
    for word in (commandline -opc)[2..-1]
        if not string match -q -- '-*' $word
            echo $word
            return
        end
    end
end

function __heapdrift_command_is
    test (__heapdrift_command | string collect --allow-empty) = "$argv[1]"
end

complete -c heapdrift -f
)";

// Single-quoted: fish knows \' and \\ there.
std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') out += '\\';
        out += c;
    }
    return out + "'";
}

std::string value_of(const OptionText& option) {
    switch (option.kind) {
        case ValueKind::choice:
            return fmt::format(" -x -a {}",
                               quoted(fmt::format("{}", fmt::join(option.choices, " "))));
        case ValueKind::file:
            return " -r -F";
        case ValueKind::directory:
            return " -x -a '(__fish_complete_directories)'";
        case ValueKind::text:
        case ValueKind::program:
            return " -x";
        case ValueKind::none:
            break;
    }
    return "";
}

std::string option_lines(const CommandText& command, const std::string& condition) {
    std::string text;
    for (const OptionText& option : command.options) {
        text += fmt::format("complete -c heapdrift -n {}", quoted(condition));
        for (const std::string& name : option.names)
            text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
        text += value_of(option) + " -d " + quoted(option.description) + '\n';
    }
    return text;
}

std::string positional_lines(const CommandText& command, const std::string& condition) {
    for (const OptionText& positional : command.positionals) {
        const std::string head = fmt::format("complete -c heapdrift -n {}", quoted(condition));
        if (positional.kind == ValueKind::program) {
            std::string values;
            for (const OptionText& option : command.options)
                if (option.kind != ValueKind::none)
                    values += fmt::format(" {}", fmt::join(option.names, " "));
            return head + " -x -a " +
                   quoted("(__fish_complete_subcommand --fcs-skip=2" + values + ")") + '\n';
        }
        if (positional.kind == ValueKind::file) return head + " -F\n";
        if (positional.kind == ValueKind::choice) return head + value_of(positional) + '\n';
    }
    return "";
}

}  // namespace

std::string fish_completion(const CommandText& app, const std::vector<CommandText>& commands) {
    const std::string no_command = "__heapdrift_command_is ''";
    std::string text = kHead;
    text += option_lines(app, no_command);
    for (const CommandText& command : commands)
        text += fmt::format("complete -c heapdrift -n {} -a {} -d {}\n", quoted(no_command),
                            command.name, quoted(command.description));
    for (const CommandText& command : commands) {
        const std::string condition = "__heapdrift_command_is " + command.name;
        text += option_lines(command, condition) + positional_lines(command, condition);
    }
    return text;
}

}  // namespace heapdrift::commands
