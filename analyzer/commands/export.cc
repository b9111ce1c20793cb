// heapdrift export: a session at one point, or what changed between two, for other tools.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "analyzer/commands/choice_option.h"
#include "analyzer/commands/command.h"
#include "analyzer/commands/report_document.h"
#include "analyzer/input/timeline_reader.h"
#include "analyzer/model/failure.h"
#include "analyzer/report/csv.h"
#include "analyzer/report/export/collapsed.h"
#include "analyzer/report/export/dhat.h"
#include "analyzer/report/export/heap_text.h"
#include "analyzer/report/export/massif.h"
#include "analyzer/report/export/pprof.h"
#include "analyzer/report/export/speedscope.h"
#include "analyzer/report/json.h"
#include "analyzer/symbolize/code_segments.h"

namespace heapdrift::commands {

namespace {

using report::DiffDocument;
using report::ExportDocument;
using report::ReportDocument;

enum class Target { collapsed, csv, dhat, heap, json, massif, pprof, speedscope };
const std::map<std::string, Target> kTargets = {
    {"collapsed", Target::collapsed}, {"csv", Target::csv},
    {"dhat", Target::dhat},           {"heap", Target::heap},
    {"json", Target::json},           {"massif", Target::massif},
    {"pprof", Target::pprof},         {"speedscope", Target::speedscope},
};

struct Arguments {
    std::string session;
    std::string new_session;
    std::string target = "json";
    std::optional<model::Column> column;
    OutputOptions output;
    FilterOptions filter;
    NameOptions names;
};

bool is_table(Target target) {
    return target == Target::csv || target == Target::json;
}

// Formats with room for no word about it.
bool cannot_mark_estimates(Target target) {
    return target == Target::collapsed || target == Target::heap;
}

// Formats of other tools have one total; what it is made of is what we add up ourselves.
void keep_totals(const model::Filter& filter, model::Profile& profile) {
    if (filter.outside_totals()) return;
    std::erase_if(profile.sites,
                  [](const model::Site& site) { return !domain_in_total(site.domain); });
}

void say_what_is_estimated(const Arguments& arguments, Target target,
                           const model::Profile& profile) {
    if (!report::is_estimate(profile) || !cannot_mark_estimates(target)) return;
    std::fflush(stdout);
    std::fprintf(stderr,
                 "heapdrift: %s was recorded in sampled mode: all figures are estimates, which the "
                 "format %s cannot say\n",
                 profile.session.path.c_str(), arguments.target.c_str());
}

std::vector<std::vector<model::CodeSegment>> code_of(const model::Profile& profile) {
    std::vector<std::vector<model::CodeSegment>> code;
    for (const model::Module& module : profile.modules)
        code.push_back(symbolize::code_segments(module));
    return code;
}

ExportDocument load_document(const Arguments& arguments, Target target, const model::Filter& filter,
                             model::Profile& profile) {
    const input::SessionAddress address = input::parse_session_address(arguments.session);
    input::LoadedSession session = load_session(address, arguments.names, filter);
    keep_totals(filter, session.profile);
    profile = std::move(session.profile);
    ExportDocument document{profile};
    if (target == Target::heap || target == Target::pprof) document.code = code_of(profile);
    if (target == Target::dhat || target == Target::massif)
        document.timeline =
            input::read_timeline(input::open_session(address), session.merged_sites, profile);
    return document;
}

void write_for_tool(std::ostream& out, Target target, const ExportDocument& document,
                    model::Column column) {
    switch (target) {
        case Target::collapsed:
            return report::write_collapsed(out, document, column);
        case Target::dhat:
            return report::write_dhat(out, document);
        case Target::heap:
            return report::write_heap_text(out, document);
        case Target::massif:
            return report::write_massif(out, document);
        case Target::pprof:
            return report::write_pprof(out, document);
        case Target::speedscope:
            return report::write_speedscope(out, document);
        case Target::csv:
        case Target::json:
            break;
    }
}

void export_table(const Arguments& arguments, Target target) {
    const model::Filter filter = arguments.filter.filter();
    const model::Profile profile = load_profile(arguments.session, arguments.names, filter);
    const ReportDocument document = make_report(profile, RowOptions{}, filter, Format::json);
    write_output(arguments.output, [&](std::ostream& out, const report::Palette&) {
        target == Target::csv ? report::write_report_csv(out, document)
                              : report::write_export_json(out, document);
    });
}

void export_session(const Arguments& arguments, Target target) {
    model::Profile profile;
    const ExportDocument document =
        load_document(arguments, target, arguments.filter.filter(), profile);
    check_known("--column", arguments.column, profile);
    say_what_is_estimated(arguments, target, profile);
    write_output(arguments.output, [&](std::ostream& out, const report::Palette&) {
        write_for_tool(out, target, document, arguments.column.value_or(model::Column::live_bytes));
    });
}

void write_difference(std::ostream& out, Target target, const DiffDocument& document,
                      model::Column column) {
    switch (target) {
        case Target::collapsed:
            return report::write_collapsed_diff(out, document, column);
        case Target::csv:
            return report::write_diff_csv(out, document);
        case Target::json:
            return report::write_diff_json(out, document);
        case Target::pprof:
            return report::write_pprof_diff(
                out, {document.old_profile, {}, code_of(document.old_profile)},
                {document.new_profile, {}, code_of(document.new_profile)});
        case Target::speedscope:
            return report::write_speedscope_diff(out, document);
        case Target::dhat:
        case Target::heap:
        case Target::massif:
            break;
    }
}

void export_difference(const Arguments& arguments, Target target) {
    if (target == Target::dhat || target == Target::heap || target == Target::massif)
        throw UsageFailure(fmt::format(
            "-f {}: this format holds one point, not a difference of two; pprof, collapsed, "
            "speedscope, csv and json do",
            arguments.target));
    const model::Filter filter = arguments.filter.filter();
    model::Profile old_profile = load_profile(arguments.session, arguments.names, filter);
    model::Profile new_profile = load_profile(
        complete_address(arguments.new_session, arguments.session), arguments.names, filter);
    check_known("--column", arguments.column, old_profile);
    check_known("--column", arguments.column, new_profile);
    if (!is_table(target)) {
        keep_totals(filter, old_profile);
        keep_totals(filter, new_profile);
    }
    const DiffDocument document =
        make_diff(old_profile, new_profile, RowOptions{}, filter, Format::json);
    say_what_is_estimated(arguments, target,
                          report::is_estimate(old_profile) ? old_profile : new_profile);
    write_output(arguments.output, [&](std::ostream& out, const report::Palette&) {
        write_difference(out, target, document,
                         arguments.column.value_or(model::Column::live_bytes));
    });
}

void run_export(const Arguments& arguments) {
    const Target target = kTargets.at(arguments.target);
    if (arguments.column && target != Target::collapsed)
        throw UsageFailure("--column goes with -f collapsed; the other formats hold all figures");
    if (target == Target::pprof && arguments.output.path == "-" && isatty(STDOUT_FILENO) != 0)
        throw UsageFailure("-f pprof is not text: write it to a file with -o FILE");
    if (!arguments.new_session.empty())
        export_difference(arguments, target);
    else if (is_table(target))
        export_table(arguments, target);
    else
        export_session(arguments, target);
}

}  // namespace

void add_export(CLI::App& app, int&) {
    const auto arguments = std::make_shared<Arguments>();
    arguments->output.no_pager = true;  // what it writes is for tools
    CLI::App* command = app.add_subcommand(
        "export", "Write a session, or what changed between two points, for other tools");
    add_session_option(*command, arguments->session);
    command
        ->add_option("NEW", arguments->new_session,
                     "Write what changed from SESSION to here instead; @12 alone is of the same "
                     "file (pprof, collapsed, speedscope, csv, json)")
        ->type_name("");
    std::vector<std::string> names;
    for (const auto& [name, target] : kTargets) names.push_back(name);
    set_choices(*command
                     ->add_option("-f,--format", arguments->target,
                                  "What to write: json (default), csv, pprof, collapsed, "
                                  "speedscope, heap (gperftools' text), dhat, massif")
                     ->type_name("FORMAT"),
                names);
    add_column_option(*command, "--column", arguments->column,
                      "The figure in collapsed stacks (default: live_bytes)");
    command
        ->add_option("-o,--output", arguments->output.path,
                     "Write to this file (-: standard output)")
        ->type_name("FILE");
    command->add_flag("--force", arguments->output.force, "Let --output replace a file");
    add_filter_options(*command, arguments->filter);
    add_name_options(*command, arguments->names);
    command->footer(
        "Examples:\n"
        "  heapdrift export -f pprof server.4711.heapdrift -o server.pb.gz\n"
        "  heapdrift export -f pprof server.4711.heapdrift@3 @12 -o grown.pb.gz\n"
        "  heapdrift export -f collapsed server.4711.heapdrift | flamegraph.pl > f.svg\n"
        "  heapdrift export -f speedscope 4711 -o server.speedscope.json\n"
        "  heapdrift export -f massif server.4711.heapdrift | ms_print /dev/stdin\n"
        "  heapdrift export server.4711.heapdrift@peak | jq '.totals'\n"
        "\n"
        "What reads them: pprof: go tool pprof, Pyroscope, Parca; collapsed:\n"
        "flamegraph.pl, inferno; heap: google-pprof; dhat: valgrind's dh_view.html, the\n"
        "Firefox Profiler; massif: ms_print, massif-visualizer. All but csv and json hold\n"
        "what totals are made of: mappings only with --domain mapping. dhat and massif\n"
        "tell of time what the snapshots saw. Figures of sampled sessions are estimates;\n"
        "pprof, speedscope, dhat and massif say so.");
    command->callback([arguments] { run_export(*arguments); });
}

}  // namespace heapdrift::commands
