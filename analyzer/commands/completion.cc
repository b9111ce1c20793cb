// heapdrift completion and heapdrift manual: what a shell and man(1) know of the command line.
#include "analyzer/commands/documentation/completion.h"

#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <memory>

#include "analyzer/commands/choice_option.h"
#include "analyzer/commands/command.h"
#include "analyzer/commands/documentation/manual.h"
#include "analyzer/model/failure.h"

namespace heapdrift::commands {

namespace {

using Completion = std::string (*)(const CommandText&, const std::vector<CommandText>&);

struct ManualArguments {
    std::string command;
    std::string directory;
};

void write_page(const std::string& directory, const std::string& name, const std::string& text) {
    const std::string path = fmt::format("{}/{}.1", directory, name);
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    if (!out) throw Failure(path + " could not be written");
}

void write_manual(CLI::App& app, const ManualArguments& arguments) {
    const CommandText whole = describe(app);
    const std::vector<CommandText> commands = describe_subcommands(app);
    if (!arguments.directory.empty()) {
        write_page(arguments.directory, "heapdrift", manual_of_app(whole, commands));
        for (const CommandText& command : commands)
            write_page(arguments.directory, "heapdrift-" + command.name,
                       manual_of_command(command));
        return;
    }
    if (arguments.command.empty()) {
        std::cout << manual_of_app(whole, commands);
        return;
    }
    for (const CommandText& command : commands)
        if (command.name == arguments.command) {
            std::cout << manual_of_command(command);
            return;
        }
    throw UsageFailure(
        fmt::format("manual {}: there is no such command; heapdrift --help lists "
                    "them",
                    arguments.command));
}

}  // namespace

void add_completion(CLI::App& app, int&) {
    static const std::map<std::string, Completion> kShells = {
        {"bash", bash_completion}, {"fish", fish_completion}, {"zsh", zsh_completion}};
    const auto write = std::make_shared<Completion>(nullptr);
    CLI::App* command = app.add_subcommand("completion", "Write a shell's completion script");
    add_choice(*command, "SHELL", *write, kShells, "The shell: bash, fish or zsh", "")->required();
    command->footer(
        "Where heapdrift was installed, new shells have it already. For this one:\n"
        "\n"
        "Examples:\n"
        "  source <(heapdrift completion bash)\n"
        "  source <(heapdrift completion zsh)\n"
        "  heapdrift completion fish | source");
    command->callback(
        [write, &app] { std::cout << (*write)(describe(app), describe_subcommands(app)); });
}

void add_manual(CLI::App& app, int&) {
    const auto arguments = std::make_shared<ManualArguments>();
    CLI::App* command = app.add_subcommand("manual", "Write a command's manual page");
    command->add_option("COMMAND", arguments->command, "The command (default: heapdrift itself)")
        ->type_name("");
    command
        ->add_option("--directory", arguments->directory,
                     "Write the pages of all commands to this directory")
        ->type_name("DIR");
    command->footer(
        "Where heapdrift was installed, man heapdrift and man heapdrift-report show them.\n"
        "\n"
        "Examples:\n"
        "  heapdrift manual report | man -l -\n"
        "  heapdrift manual --directory ~/.local/share/man/man1");
    command->callback([arguments, &app] { write_manual(app, *arguments); });
}

}  // namespace heapdrift::commands
