#include "analyzer/commands/view_options.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "analyzer/commands/choice_option.h"
#include "analyzer/commands/pager.h"
#include "analyzer/input/later_image.h"
#include "analyzer/model/failure.h"
#include "analyzer/model/gate/amount.h"

namespace heapdrift::commands {

namespace {

template <typename Enum, size_t N>
std::map<std::string, Enum> by_name(const std::array<const char*, N>& names) {
    std::map<std::string, Enum> values;
    for (size_t i = 0; i < N; ++i) values[names[i]] = static_cast<Enum>(i);
    return values;
}

std::map<std::string, Domain> domains_by_name() {
    std::map<std::string, Domain> values;
    for (uint32_t i = 0; i < kDomainCount; ++i)
        values[domain_name(static_cast<Domain>(i))] = static_cast<Domain>(i);
    return values;
}

template <typename Map>
std::string listed(const Map& values) {
    std::string names;
    for (const auto& [name, value] : values) names += (names.empty() ? "" : ", ") + name;
    return names;
}

// Whole, since a pager may turn out not to work.
bool page(const OutputOptions& options,
          const std::function<void(std::ostream&, const report::Palette&)>& write,
          const report::Palette& palette) {
    if (options.no_pager || options.format != Format::text) return false;
    const std::string pager = pager_command();
    if (pager.empty()) return false;
    std::ostringstream text;
    write(text, palette);
    if (!show_in_pager(pager, text.str())) std::cout << text.str();
    return true;
}

}  // namespace

void add_output_options(CLI::App& command, OutputOptions& options) {
    const std::map<std::string, Format> formats = {
        {"text", Format::text}, {"json", Format::json}, {"csv", Format::csv}};
    add_choice(command, "--format", options.format, formats,
               "How to write it: " + listed(formats) + " (default: text)", "FORMAT");
    const std::map<std::string, report::ColourMode> colours = {
        {"auto", report::ColourMode::automatic},
        {"always", report::ColourMode::always},
        {"never", report::ColourMode::never}};
    add_choice(command, "--color", options.colour, colours,
               "Colours in text: auto, always, never (default: auto)", "WHEN");
    command.add_option("-o,--output", options.path, "Write to this file (-: standard output)")
        ->type_name("FILE");
    command.add_flag("-f,--force", options.force, "Let --output replace a file");
    command.add_flag("--no-pager", options.no_pager,
                     "Show text on a terminal at once, and not through $HEAPDRIFT_PAGER, $PAGER or "
                     "less");
}

void write_output(const OutputOptions& options,
                  const std::function<void(std::ostream&, const report::Palette&)>& write) {
    if (options.path == "-") {
        const report::Palette palette(report::wants_colour(options.colour, STDOUT_FILENO));
        if (!page(options, write, palette)) write(std::cout, palette);
        std::cout.flush();
        if (!std::cout) throw Failure("the output could not be written in full");
        return;
    }
    struct stat status;
    if (!options.force && stat(options.path.c_str(), &status) == 0 && S_ISREG(status.st_mode))
        throw Failure(fmt::format("{} exists already; --force replaces it", options.path));
    std::ofstream out(options.path, std::ios::binary | std::ios::trunc);
    if (!out)
        throw Failure(fmt::format("cannot create {}: {}", options.path, std::strerror(errno)));
    write(out, report::Palette(report::wants_colour(options.colour, -1)));
    out.close();
    if (!out)
        throw Failure(
            fmt::format("{} could not be written in full: {}", options.path, std::strerror(errno)));
}

std::string complete_address(const std::string& new_session, const std::string& old_session) {
    if (!new_session.starts_with('@')) return new_session;
    const input::SessionAddress old_address = input::parse_session_address(old_session);
    return (old_address.pid ? std::to_string(*old_address.pid) : old_address.file) + new_session;
}

void add_column_option(CLI::App& command, const std::string& name,
                       std::optional<model::Column>& column, const std::string& help) {
    add_choice(command, name, column, by_name<model::Column>(model::kColumnNames), help, "COLUMN");
}

void add_group_by_option(CLI::App& command, model::GroupBy& group_by) {
    add_choice(command, "--group-by", group_by, by_name<model::GroupBy>(model::kGroupByNames),
               "One row for each traceback (default), lineno, filename, function, module, thread "
               "or domain",
               "KEY");
}

void add_length_options(CLI::App& command, LengthOptions& options, const std::string& rows) {
    command
        .add_option("--top", options.top,
                    rows + " to show, 0 for all (default: 10 in text, else all)")
        ->type_name("N");
    command
        .add_option("--frames", options.frames,
                    "Frames of a stack to show, 0 for all (default: 10 in text, else all)")
        ->type_name("N");
}

void add_row_options(CLI::App& command, RowOptions& options) {
    add_group_by_option(command, options.group_by);
    command.add_flag("--cumulative", options.cumulative,
                     "Count a stack for every place that is on it, once each, not only for the "
                     "one that allocates");
    add_column_option(command, "--sort", options.sort,
                      "Sort by " + listed(by_name<model::Column>(model::kColumnNames)) +
                          " (default: live_bytes)");
    add_length_options(command, options, "Rows");
    command
        .add_option("--min-bytes", options.min_bytes,
                    "Leave out rows with fewer live bytes, such as 4096, 100kB, 1.5MiB")
        ->type_name("SIZE");
}

void add_filter_options(CLI::App& command, FilterOptions& options) {
    command
        .add_option("--focus", options.focus,
                    "Keep stacks with a frame whose function, file or module matches this regular "
                    "expression")
        ->type_name("REGEX");
    command.add_option("--ignore", options.ignore, "Drop stacks with such a frame")
        ->type_name("REGEX");
    command
        .add_option(
            "--include", options.include,
            "Keep what is allocated in files that match this shell pattern; may be repeated")
        ->type_name("PATTERN")
        ->allow_extra_args(false);
    command.add_option("--exclude", options.exclude, "Drop what is; may be repeated")
        ->type_name("PATTERN")
        ->allow_extra_args(false);
    command.add_flag("--all-frames", options.all_frames,
                     "Let --include and --exclude look at every frame of a stack");
    const auto domains = domains_by_name();
    CLI::Option* domain =
        command
            .add_option_function<std::vector<std::string>>(
                "--domain",
                [&options, domains](const std::vector<std::string>& names) {
                    for (const std::string& name : names)
                        options.domains.push_back(domains.at(name));
                },
                "Only these kinds of memory: heap, mapping, custom, cuda_device, …")
            ->delimiter(',')
            ->allow_extra_args(false)
            ->type_name("DOMAIN");
    std::vector<std::string> names;
    for (const auto& [name, value] : domains) names.push_back(name);
    set_choices(*domain, names);
}

void add_session_option(CLI::App& command, std::string& session) {
    command
        .add_option("SESSION", session,
                    "A session file or the pid of a running process, with @7, @label, @peak or "
                    "@last (the default) behind it; or a heap profile of gperftools or jemalloc, "
                    "or a recording of heaptrack")
        ->type_name("")
        ->required();
}

void add_whole_session_option(CLI::App& command, std::string& session) {
    command.add_option("SESSION", session, "A session file or the pid of a running process")
        ->type_name("")
        ->required();
}

void add_name_options(CLI::App& command, NameOptions& options) {
    command.add_flag("--no-symbols", options.skip, "Do not look up names: module+offset is shown");
    command.add_flag("--debuginfod", options.debuginfod,
                     "Ask the servers in DEBUGINFOD_URLS for debug information");
}

model::Filter FilterOptions::filter() const {
    model::Filter filter;
    if (!focus.empty()) filter.focus.emplace(focus);
    if (!ignore.empty()) filter.ignore.emplace(ignore);
    filter.include = include;
    filter.exclude = exclude;
    filter.all_frames = all_frames;
    filter.domains = domains;
    return filter;
}

void add_view_options(CLI::App& command, ViewOptions& options) {
    add_row_options(command, options.rows);
    add_filter_options(command, options.filter);
    add_name_options(command, options.names);
    add_output_options(command, options.output);
}

uint64_t parse_size(const std::string& text) {
    if (text.empty()) return 0;
    const auto size = model::size_from(text);
    if (!size)
        throw UsageFailure(fmt::format("'{}' is no size; write 4096, 100kB or 1.5MiB", text));
    return *size;
}

input::LoadedSession load_session(const input::SessionAddress& address, const NameOptions& names,
                                  const model::Filter& filter) {
    input::LoadedSession session = input::load_session(address);
    input::recognize_exec(session.profile.session);
    name_addresses(session, names);
    model::apply(filter, session.profile);
    return session;
}

model::Profile load_profile(const std::string& address, const NameOptions& names,
                            const model::Filter& filter) {
    return load_session(input::parse_session_address(address), names, filter).profile;
}

}  // namespace heapdrift::commands
