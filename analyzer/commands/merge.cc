// heapdrift merge: the recordings of several processes, added up.
#include "analyzer/model/merge.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "analyzer/commands/command.h"
#include "analyzer/commands/view_options.h"
#include "analyzer/model/failure.h"
#include "analyzer/process/session_writer.h"
#include "analyzer/report/estimate_text.h"
#include "analyzer/report/units.h"

namespace heapdrift::commands {

namespace {

struct Arguments {
    std::string out;
    std::vector<std::string> sessions;
    bool force = false;
    bool quiet = false;
    NameOptions names;
};

void merge(const Arguments& arguments) {
    struct stat status {};
    if (!arguments.force && lstat(arguments.out.c_str(), &status) == 0)
        throw Failure(fmt::format(
            "{} exists already; the sum is written to the file named first, and --force lets it "
            "replace that",
            arguments.out));
    std::vector<model::Profile> profiles;
    for (const std::string& session : arguments.sessions)
        profiles.push_back(load_profile(session, arguments.names, {}));
    const model::Profile sum = model::merge(profiles);
    process::write_session(arguments.out, sum);
    if (arguments.quiet) return;
    const model::Figures figures = model::totals(sum).figures;
    fmt::print(stderr,
               "heapdrift: {}: {} recordings, {} call stacks; {} allocations, {} live. The peak of "
               "all is not known, that of one is at most {}\n",
               arguments.out, sum.session.merged, report::format_count(sum.sites.size()),
               report::count_text(figures, model::Column::allocations),
               report::bytes_text(figures, model::Column::live_bytes),
               report::format_bytes(sum.peak_live_bytes));
}

}  // namespace

void add_merge(CLI::App& app, int&) {
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* command =
        app.add_subcommand("merge", "Add the recordings of several processes up in one file");
    command->add_option("OUT", arguments->out, "The file to write")->type_name("")->required();
    command
        ->add_option("FILE", arguments->sessions,
                     "Session files, or pids of running processes, with @7, @label, @peak or @last "
                     "(the default) behind them")
        ->type_name("")
        ->required();
    command->add_flag("-f,--force", arguments->force, "Replace OUT when it exists");
    command->add_flag("-q,--quiet", arguments->quiet, "Say nothing of the sum");
    add_name_options(*command, arguments->names);
    command->footer(
        "Examples:\n"
        "  heapdrift run -o build.heapdrift -- make -j8\n"
        "  heapdrift merge all.heapdrift build.heapdrift build.heapdrift.*\n"
        "  heapdrift report all.heapdrift --group-by module\n"
        "  heapdrift merge ranks.heapdrift rank*.heapdrift@warm\n"
        "\n"
        "report, diff, info and export read the sum like any recording: its figures are sums,\n"
        "stacks of one build are added together by place. Peaks of processes are of different\n"
        "moments and have no sum; that of the highest one is kept. Snapshots, threads and\n"
        "scans are left out, so leaks and trend need the recordings themselves. Recordings\n"
        "that were made differently (exact, sampled, by another tool) are not merged.");
    command->callback([arguments] { merge(*arguments); });
}

}  // namespace heapdrift::commands
