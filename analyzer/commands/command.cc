#include "analyzer/commands/command.h"

#include <algorithm>

#include "analyzer/commands/run_arguments.h"

namespace heapdrift::commands {

void add_all(CLI::App& app, int& exit_code) {
    add_run(app, exit_code);
    add_list(app, exit_code);
    add_snapshot(app, exit_code);
    add_scan(app, exit_code);
    add_info(app, exit_code);
    add_report(app, exit_code);
    add_diff(app, exit_code);
    add_leaks(app, exit_code);
    add_check(app, exit_code);
    add_baseline(app, exit_code);
    add_suggest(app, exit_code);
    add_suppress(app, exit_code);
    add_trend(app, exit_code);
    add_export(app, exit_code);
}

void parse(CLI::App& app, std::vector<std::string> arguments) {
    if (!arguments.empty() && arguments.front() == "run") {
        arguments.erase(arguments.begin());
        arguments = join_sample_size(*app.get_subcommand("run"), std::move(arguments));
        arguments.insert(arguments.begin(), "run");
    }
    std::ranges::reverse(arguments);  // as CLI11 wants them
    app.parse(std::move(arguments));
}

}  // namespace heapdrift::commands
