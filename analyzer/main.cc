// The heapdrift command: arguments to a command, failures to an exit code.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "analyzer/commands/command.h"
#include "analyzer/commands/help_format.h"
#include "analyzer/model/failure.h"

namespace {

constexpr int kOperationalError = 1;
constexpr int kUsageError = 2;

int fail(const char* message, int exit_code) {
    std::fflush(stdout);
    std::fprintf(stderr, "heapdrift: %s\n", message);
    return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
    using namespace heapdrift;
    CLI::App app{"Finds the code that makes a program's memory grow.", "heapdrift"};
    app.formatter(std::make_shared<commands::HelpFormat>());
    app.set_version_flag("--version", "heapdrift " HEAPDRIFT_VERSION);
    app.require_subcommand(1);
    app.footer(commands::kHelpFooter);
    app.failure_message([](const CLI::App*, const CLI::Error& error) {
        return std::string("heapdrift: ") + error.what() + "\nSee heapdrift --help, or --help " +
               "behind a command.\n";
    });
    int exit_code = 0;
    commands::add_all(app, exit_code);
    try {
        commands::parse(app, {argv + 1, argv + argc});
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : kUsageError;
    } catch (const UsageFailure& failure) {
        return fail(failure.what(), kUsageError);
    } catch (const std::exception& failure) {
        return fail(failure.what(), kOperationalError);
    }
    if (std::fflush(stdout) != 0 || std::ferror(stdout))
        return fail("the output could not be written in full", kOperationalError);
    return exit_code;
}
