#include "analyzer/commands/command.h"

namespace heapdrift::commands {

void add_all(CLI::App& app, int& exit_code) {
#ifdef HEAPDRIFT_HAS_RUN
    add_run(app, exit_code);
#endif
#ifdef HEAPDRIFT_HAS_LIST
    add_list(app, exit_code);
#endif
#ifdef HEAPDRIFT_HAS_SNAPSHOT
    add_snapshot(app, exit_code);
#endif
    add_info(app, exit_code);
    add_report(app, exit_code);
    add_diff(app, exit_code);
    add_export(app, exit_code);
}

}  // namespace heapdrift::commands
