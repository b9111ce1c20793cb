// heapdrift info: what a session is, and which snapshots it holds.
#include <memory>

#include "analyzer/commands/command.h"
#include "analyzer/commands/view_options.h"
#include "analyzer/report/csv.h"
#include "analyzer/report/json.h"
#include "analyzer/report/text.h"

namespace heapdrift::commands {

namespace {

struct Arguments {
    std::string session;
    OutputOptions output;
    NameOptions names;
};

void inform(const Arguments& arguments) {
    const model::Profile profile = load_profile(arguments.session, arguments.names, {});
    write_document(arguments.output, profile, report::write_info_text, report::write_info_json,
                   report::write_info_csv);
}

}  // namespace

void add_info(CLI::App& app, int&) {
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* command =
        app.add_subcommand("info", "Show what a session is and which snapshots it holds");
    command
        ->add_option("SESSION", arguments->session,
                     "A session file or the pid of a running process")
        ->type_name("")
        ->required();
    add_name_options(*command, arguments->names);
    add_output_options(*command, arguments->output);
    command->footer(
        "Examples:\n"
        "  heapdrift info server.4711.heapdrift\n"
        "  heapdrift info 4711 --format json\n"
        "  heapdrift info server.4711.heapdrift --format csv    the snapshots' table");
    command->callback([arguments] { inform(*arguments); });
}

}  // namespace heapdrift::commands
