#include "analyzer/commands/command.h"

namespace heapdrift::commands {

void add_all(CLI::App& app, int& exit_code) {
    add_run(app, exit_code);
    add_list(app, exit_code);
    add_snapshot(app, exit_code);
    add_info(app, exit_code);
    add_report(app, exit_code);
    add_diff(app, exit_code);
    add_export(app, exit_code);
}

}  // namespace heapdrift::commands
