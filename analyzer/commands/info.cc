// heapdrift info: what a session is, which snapshots it holds, and whether the file is whole.
#include <memory>

#include "analyzer/commands/command.h"
#include "analyzer/commands/view_options.h"
#include "analyzer/input/integrity.h"
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

constexpr int kDamaged = 1;

int inform(const Arguments& arguments) {
    const input::SessionAddress address = input::parse_session_address(arguments.session);
    const input::LoadedSession session = load_session(address, arguments.names, {});
    report::InfoDocument document{
        .profile = session.profile,
        .integrity = input::check_integrity(input::open_session(address), session),
        .missing = {}};
    document.missing = model::missing_parts(session.profile, document.integrity);
    write_document(arguments.output, document, report::write_info_text, report::write_info_json,
                   report::write_info_csv);
    return document.integrity.whole() ? 0 : kDamaged;
}

}  // namespace

void add_info(CLI::App& app, int& exit_code) {
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* command =
        app.add_subcommand("info", "Show what a session is and holds, and check its file");
    add_whole_session_option(*command, arguments->session);
    add_name_options(*command, arguments->names);
    add_output_options(*command, arguments->output);
    command->footer(
        "Examples:\n"
        "  heapdrift info server.4711.heapdrift\n"
        "  heapdrift info 4711 --format json\n"
        "  heapdrift info server.4711.heapdrift --format csv    the snapshots' table\n"
        "\n"
        "The last line says whether the file is whole, and what it does not hold: names,\n"
        "snapshots, what was dropped. Exit code: 0 when the file is whole, 1 when it is cut\n"
        "short or damaged. There is no sum over its bytes: records that lead nowhere and\n"
        "figures that cannot be are found, a figure that is wrong but possible is not.");
    command->callback([arguments, &exit_code] { exit_code = inform(*arguments); });
}

}  // namespace heapdrift::commands
