// heapdrift report: what is live, what was allocated most, what lived only a moment.
#include <memory>

#include "analyzer/commands/command.h"
#include "analyzer/commands/report_document.h"
#include "analyzer/commands/style_options.h"
#include "analyzer/report/csv.h"
#include "analyzer/report/json.h"
#include "analyzer/report/text.h"

namespace heapdrift::commands {

namespace {

struct Arguments {
    std::string session;
    ViewOptions view;
    StyleOptions style;
};

void report_on(const Arguments& arguments) {
    const ViewOptions& view = arguments.view;
    const model::Filter filter = view.filter.filter();
    model::check(view.rows.grouping());
    const model::Profile profile = load_profile(arguments.session, view.names, filter);
    report::ReportDocument document = make_report(profile, view.rows, filter, view.output.format);
    document.style = text_style(arguments.style, profile, view.output.format, view.rows.group_by);
    write_document(view.output, document, report::write_report_text, report::write_report_json,
                   report::write_report_csv);
}

}  // namespace

void add_report(CLI::App& app, int&) {
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* command = app.add_subcommand("report", "Show what a session holds at one point");
    add_session_option(*command, arguments->session);
    add_view_options(*command, arguments->view);
    add_style_options(*command, arguments->style);
    command->footer(
        "Examples:\n"
        "  heapdrift report server.4711.heapdrift\n"
        "  heapdrift report server.4711.heapdrift@peak --group-by function\n"
        "  heapdrift report 4711 --group-by lineno --cumulative --top 20\n"
        "  heapdrift report server.4711.heapdrift --focus 'cache_' --format json\n"
        "\n"
        "A row by place names the code that allocates: operator new, std::allocator,\n"
        "strdup and the like are passed over. \"Still live\" is not \"leaked\": the\n"
        "program may still use it. Compare two snapshots with heapdrift diff.");
    command->callback([arguments] { report_on(*arguments); });
}

}  // namespace heapdrift::commands
