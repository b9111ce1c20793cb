#include "analyzer/commands/run_arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "analyzer/commands/view_options.h"
#include "analyzer/model/failure.h"
#include "analyzer/process/recorder_options.h"
#include "analyzer/process/system_memory.h"

namespace heapdrift::commands {
namespace {

// How many values CLI11 makes of one argument: "[a,b]" is a list to it.
size_t values_of(std::string_view argument) {
    if (argument.empty() || argument.front() != '[' || argument.back() != ']') return 1;
    argument.remove_suffix(1);
    if (!argument.empty()) argument.remove_prefix(1);
    size_t values = 0;
    while (!argument.empty()) {
        const std::string_view item = argument.substr(0, argument.find(','));
        argument.remove_prefix(std::min(item.size() + 1, argument.size()));
        if (!item.empty()) values += values_of(item);
    }
    return values;
}

bool is_size(const std::string& text) {
    if (text.empty() || std::isdigit(static_cast<unsigned char>(text.front())) == 0) return false;
    try {
        parse_size(text);
        return true;
    } catch (const UsageFailure&) {
        return false;
    }
}

// The program's arguments as they were written: they are the end of our own.
void restore_lists(std::vector<std::string>& command) {
    const std::vector<std::string> all = own_arguments();
    size_t values = command.size();
    size_t first = all.size();
    while (first > 0 && values > 0) values -= std::min(values, values_of(all[--first]));
    command.assign(all.begin() + static_cast<std::ptrdiff_t>(first), all.end());
}

}  // namespace

void add_run_arguments(CLI::App& command, RunArguments& arguments) {
    command.add_option("PROGRAM", arguments.command, "The program to record, and its arguments")
        ->required();
    // The first argument that is no option, or --, ends ours: what follows is the program's.
    command.positionals_at_end();
    command
        .add_option("-o,--output", arguments.output,
                    "Record to this file, descendants to FILE.PID; %p is the pid, %e the "
                    "program. A directory: to files in it (default: "
                    "./PROGRAM.PID.heapdrift)")
        ->type_name("FILE");
    command.add_flag("-f,--force", arguments.force, "Replace FILE when it exists");
    command
        .add_option("--interval", arguments.interval_ms,
                    "Milliseconds between the first snapshots; doubles in long runs "
                    "(default: 20)")
        ->type_name("MS")
        ->check(CLI::Range(uint64_t{1}, uint64_t{3'600'000}));
    command
        .add_option("--depth", arguments.depth, "Frames kept of each call stack (default: 1024)")
        ->type_name("N")
        ->check(CLI::Range(1, 1024));
    command.add_flag("--keep-all", arguments.keep_all,
                     "Keep the files of descendants that allocated less than 64 KiB too");
    command.add_flag("--follow", arguments.follow,
                     "At the end, show all processes as a tree, also those that left no file");
    command.add_flag("--no-symbols", arguments.no_symbols,
                     "Do not embed function names: faster, but the file can then be read on this "
                     "machine only");
    command
        .add_flag("--sample{512KiB}", arguments.sample,
                  "Record one block in so many bytes on average (512KiB): nearly free, and all "
                  "figures are estimates with a stated error")
        ->type_name("[SIZE]");
    command.add_flag("--scan", arguments.scan,
                     "At exit, find the blocks that nothing leads to any more; heapdrift info "
                     "shows them");
    command
        .add_option("-O", arguments.recorder_options,
                    "An option of the recorder, as in HEAPDRIFT_OPTIONS; may be repeated")
        ->type_name("NAME=VALUE")
        ->allow_extra_args(false);
    command
        .add_option("-r,--report", arguments.report_file,
                    "Write the report to this file and not to stderr")
        ->type_name("FILE");
    command.add_flag("--no-report", arguments.no_report, "Print no report, only the summary");
    command.add_flag("-q,--quiet", arguments.quiet, "Print neither; only what went wrong");
    command.add_flag("--no-config", arguments.no_config,
                     "Do not read [record] of heapdrift.toml and of the user's settings");
    command.add_option("--top", arguments.top, "Rows in the report; 0 for all")->type_name("N");
    command.footer(
        "A process that executes another program has a recording for each: FILE is the last one\n"
        "of the process that was started, so that env and sh -c 'exec …' may stand in front;\n"
        "earlier ones are FILE.1, FILE.2, …\n\n"
        "The program keeps its terminal, standard streams and exit code; the summary and the\n"
        "report go to stderr. Exit code: the program's own, 128 + N when signal N killed it,\n"
        "127 when it was not found, 126 when it cannot be executed, 125 when heapdrift did\n"
        "not start it. Ctrl-C is the program's; while names are looked up after its end, it\n"
        "skips them.\n\n"
        "Examples:\n"
        "  heapdrift run ./server --port 8080\n"
        "  heapdrift run -o before.heapdrift -- make test\n"
        "  heapdrift run --sample 1MiB -- ./server\n"
        "  heapdrift run --no-report python3 script.py");
}

std::vector<std::string> join_sample_size(const CLI::App& run, std::vector<std::string> arguments) {
    for (size_t i = 0; i < arguments.size(); ++i) {
        std::string& word = arguments[i];
        if (word == "--" || !word.starts_with('-')) break;
        if (word == "--sample" && i + 1 < arguments.size() && is_size(arguments[i + 1])) {
            word += '=' + arguments[i + 1];
            arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1);
            continue;
        }
        const CLI::Option* option = run.get_option_no_throw(word);
        if (option != nullptr && option->get_items_expected_min() > 0) ++i;
    }
    return arguments;
}

std::vector<std::string> own_arguments() {
    const std::string text = process::read_small_file("/proc/self/cmdline");
    std::vector<std::string> arguments;
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find('\0', at), text.size());
        arguments.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return arguments;
}

uint64_t sampling_interval(const RunArguments& arguments) {
    constexpr uint64_t kHighest = uint64_t{1} << 40;
    const uint64_t interval = parse_size(arguments.sample);
    if (!arguments.sample.empty() && (interval == 0 || interval > kHighest))
        throw UsageFailure(
            fmt::format("--sample {}: the interval is from 1B to 1024GiB", arguments.sample));
    return interval;
}

void check_run_arguments(RunArguments& arguments) {
    restore_lists(arguments.command);
    if (arguments.command.empty())
        throw UsageFailure("run: which program? See heapdrift run --help");
    if (sampling_interval(arguments) != 0 && arguments.scan)
        throw UsageFailure(
            "--scan needs to know every block, and --sample records but some; use one of them");
    for (const std::string& option : arguments.recorder_options)
        if (const std::string error = process::check_option(option); !error.empty())
            throw UsageFailure(error);
}

}  // namespace heapdrift::commands
