// The commands. Each adds its subcommand to the app with a callback that does the work, and says
// by throwing Failure or UsageFailure (analyzer/model/failure.h) that it could not. exit_code is
// for commands that succeed with a code of their own, such as `run`.
// To add one: commands/<name>.cc with add_<name>, a line here, in add_all and in CMakeLists.txt.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace heapdrift::commands {

void add_run(CLI::App& app, int& exit_code);
void add_list(CLI::App& app, int& exit_code);
void add_snapshot(CLI::App& app, int& exit_code);
void add_scan(CLI::App& app, int& exit_code);
void add_info(CLI::App& app, int& exit_code);
void add_report(CLI::App& app, int& exit_code);
void add_diff(CLI::App& app, int& exit_code);
void add_leaks(CLI::App& app, int& exit_code);
void add_check(CLI::App& app, int& exit_code);
void add_baseline(CLI::App& app, int& exit_code);
void add_suggest(CLI::App& app, int& exit_code);
void add_suppress(CLI::App& app, int& exit_code);
void add_trend(CLI::App& app, int& exit_code);
void add_export(CLI::App& app, int& exit_code);

// All of them, in the order in which the help lists them.
void add_all(CLI::App& app, int& exit_code);

// Throws what CLI::App::parse does, and what the commands do.
void parse(CLI::App& app, std::vector<std::string> arguments);

}  // namespace heapdrift::commands
