// heapdrift export: everything that a session says at one point, for other tools.
#include <memory>

#include "analyzer/commands/command.h"
#include "analyzer/commands/report_document.h"
#include "analyzer/report/json.h"

namespace heapdrift::commands {

namespace {

struct Arguments {
    std::string session;
    std::string target = "json";
    OutputOptions output;
    FilterOptions filter;
    NameOptions names;
};

void export_session(const Arguments& arguments) {
    const model::Filter filter = arguments.filter.filter();
    const model::Profile profile = load_profile(arguments.session, arguments.names, filter);
    const report::ReportDocument document =
        make_report(profile, RowOptions{}, filter, Format::json);
    write_output(arguments.output, [&](std::ostream& out, const report::Palette&) {
        report::write_export_json(out, document);
    });
}

}  // namespace

void add_export(CLI::App& app, int&) {
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* command =
        app.add_subcommand("export", "Write everything that a session says, for other tools");
    add_session_option(*command, arguments->session);
    command->add_option("-f,--format", arguments->target, "What to write: json")
        ->type_name("FORMAT")
        ->check(CLI::IsMember({"json"}));
    command
        ->add_option("-o,--output", arguments->output.path,
                     "Write to this file (-: standard output)")
        ->type_name("FILE");
    command->add_flag("--force", arguments->output.force, "Let --output replace a file");
    add_filter_options(*command, arguments->filter);
    add_name_options(*command, arguments->names);
    command->footer(
        "Examples:\n"
        "  heapdrift export -f json server.4711.heapdrift -o server.json\n"
        "  heapdrift export -f json server.4711.heapdrift@peak | jq '.totals'");
    command->callback([arguments] { export_session(*arguments); });
}

}  // namespace heapdrift::commands
