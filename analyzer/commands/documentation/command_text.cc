#include "analyzer/commands/documentation/command_text.h"

#include "analyzer/commands/choice_option.h"

namespace heapdrift::commands {

namespace {

ValueKind kind_of(const OptionText& option) {
    if (!option.choices.empty()) return ValueKind::choice;
    const std::string& word = option.value.empty() ? option.names.front() : option.value;
    if (word == "FILE" || word == "SESSION" || word == "OLD" || word == "NEW" || word == "PLACE" ||
        word == "OUT")
        return ValueKind::file;
    if (word == "DIR") return ValueKind::directory;
    if (word == "PROGRAM") return ValueKind::program;
    return ValueKind::text;
}

OptionText describe(CLI::Option& option) {
    OptionText text;
    text.description = option.get_description();
    text.choices = choices_of(option);
    text.required = option.get_required();
    text.many = option.get_items_expected_max() > 1;
    if (option.get_positional()) {
        text.names.push_back(option.get_name(true));
        text.kind = kind_of(text);
        return text;
    }
    for (const std::string& name : option.get_snames()) text.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) text.names.push_back("--" + name);
    const bool flag = option.get_items_expected_max() == 0;
    text.value = option.get_type_name();
    // A flag that may have a value says so in brackets: "[SIZE]".
    text.value_optional = text.value.starts_with('[');
    if (flag || text.value_optional) {
        if (!text.value_optional) text.value.clear();
        return text;
    }
    // A validator of a range describes itself behind the name.
    text.value = text.value.substr(0, text.value.find(':'));
    text.kind = kind_of(text);
    return text;
}

}  // namespace

CommandText describe(CLI::App& command) {
    CommandText text;
    text.name = command.get_name();
    text.description = command.get_description();
    text.footer = command.get_footer();
    text.arguments_follow = command.get_positionals_at_end();
    for (CLI::Option* option : command.get_options([](CLI::Option*) { return true; }))
        (option->get_positional() ? text.positionals : text.options).push_back(describe(*option));
    return text;
}

std::vector<CommandText> describe_subcommands(CLI::App& app) {
    std::vector<CommandText> commands;
    for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; }))
        commands.push_back(describe(*command));
    return commands;
}

}  // namespace heapdrift::commands
