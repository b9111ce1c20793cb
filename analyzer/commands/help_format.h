// Help texts of at most 80 columns: CLI11 does not wrap descriptions by itself.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace heapdrift::commands {

// What holds for all commands.
inline constexpr const char* kHelpFooter =
    "Each command has --help. Text goes to a terminal through a pager where it does not fit.\n"
    "\n"
    "Exit code: 0, 1 when something could not be done, 2 for a mistake on the command line;\n"
    "run returns the program's own.\n"
    "\n"
    "Environment:\n"
    "  HEAPDRIFT_PAGER, PAGER  the pager; empty or cat for none (default: less)\n"
    "  NO_COLOR                not empty: no colours; CLICOLOR_FORCE, CLICOLOR are known too\n"
    "  DEBUGINFOD_URLS         the servers that --debuginfod asks\n"
    "  HEAPDRIFT_OPTIONS       options of the recorder, for programs started without run\n"
    "\n"
    "Examples:\n"
    "  heapdrift run -- ./server --port 8080\n"
    "  heapdrift leaks server.4711.heapdrift\n"
    "  heapdrift diff server.4711.heapdrift@3 @last";

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
