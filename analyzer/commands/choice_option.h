// Options that take one of several words. The words stand in the option itself, so that help,
// completion and manual pages read them from there.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <vector>

namespace heapdrift::commands {

// Gives an option its words: CLI11's own validator also prints them, and the numbers behind them.
void set_choices(CLI::Option& option, const std::vector<std::string>& words);
// Those of set_choices, none for other options.
std::vector<std::string> choices_of(CLI::Option& option);

template <typename Value, typename Choice>
CLI::Option* add_choice(CLI::App& command, const std::string& names, Value& value,
                        const std::map<std::string, Choice>& choices, const std::string& help,
                        const std::string& type) {
    CLI::Option* option =
        command
            .add_option_function<std::string>(
                names, [&value, choices](const std::string& word) { value = choices.at(word); },
                help)
            ->type_name(type);
    std::vector<std::string> words;
    for (const auto& [word, choice] : choices) words.push_back(word);
    set_choices(*option, words);
    return option;
}

}  // namespace heapdrift::commands
