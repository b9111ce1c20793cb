// Help texts of at most 80 columns: CLI11 does not wrap descriptions by itself.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace heapdrift::commands {

class HelpFormat : public CLI::Formatter {
public:
    HelpFormat() { column_width(kColumn); }

    std::string make_option_desc(const CLI::Option* option) const override {
        return wrap(CLI::Formatter::make_option_desc(option));
    }
    std::string make_subcommand(const CLI::App* command) const override {
        std::ostringstream out;
        CLI::detail::format_help(out, command->get_name(), wrap(command->get_description()),
                                 kColumn);
        return out.str();
    }

private:
    static constexpr size_t kColumn = 26;
    static constexpr size_t kWidth = 80 - kColumn;

    static std::string wrap(const std::string& text) {
        std::istringstream words(text);
        std::string wrapped;
        std::string word;
        size_t used = 0;
        while (words >> word) {
            if (used > 0 && used + 1 + word.size() > kWidth) {
                wrapped += '\n';
                used = 0;
            } else if (used > 0) {
                wrapped += ' ';
                ++used;
            }
            wrapped += word;
            used += word.size();
        }
        return wrapped;
    }
};

}  // namespace heapdrift::commands
