// heapdrift diff: what grew, what went away.
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
    std::string old_session;
    std::string new_session;
    ViewOptions view;
    StyleOptions style;
};

void compare(const Arguments& arguments) {
    const ViewOptions& view = arguments.view;
    const model::Filter filter = view.filter.filter();
    model::check(view.rows.grouping());
    const model::Profile old_profile = load_profile(arguments.old_session, view.names, filter);
    const model::Profile new_profile = load_profile(
        complete_address(arguments.new_session, arguments.old_session), view.names, filter);
    report::DiffDocument document =
        make_diff(old_profile, new_profile, view.rows, filter, view.output.format);
    document.style =
        text_style(arguments.style, new_profile, view.output.format, view.rows.group_by);
    write_document(view.output, document, report::write_diff_text, report::write_diff_json,
                   report::write_diff_csv);
}

}  // namespace

void add_diff(CLI::App& app, int&) {
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* command =
        app.add_subcommand("diff", "Compare two snapshots, of one session or of two");
    command
        ->add_option("OLD", arguments->old_session, "The earlier: FILE or PID, with @7, @label, …")
        ->type_name("")
        ->required();
    command->add_option("NEW", arguments->new_session, "The later; @12 alone is of the same file")
        ->type_name("")
        ->required();
    add_view_options(*command, arguments->view);
    add_style_options(*command, arguments->style);
    command->footer(
        "Examples:\n"
        "  heapdrift diff server.4711.heapdrift@3 @12\n"
        "  heapdrift diff before.heapdrift after.heapdrift --group-by function\n"
        "  heapdrift diff server.4711.heapdrift@warm @last --min-bytes 100kB\n"
        "\n"
        "Heap profiles of gperftools and jemalloc and recordings of heaptrack can be\n"
        "either side.\n"
        "Rows are in tracemalloc's order: the greatest change of live bytes first,\n"
        "whether it grew or shrank. Between two builds stacks match by function, file\n"
        "and module; within one build by exact place.");
    command->callback([arguments] { compare(*arguments); });
}

}  // namespace heapdrift::commands
