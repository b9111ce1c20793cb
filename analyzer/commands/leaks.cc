// heapdrift leaks: which sites leak, how sure that is, and why.
#include <fmt/format.h>

#include <memory>
#include <optional>

#include "analyzer/commands/command.h"
#include "analyzer/commands/suppression_options.h"
#include "analyzer/commands/view_options.h"
#include "analyzer/input/history_loader.h"
#include "analyzer/input/later_image.h"
#include "analyzer/model/failure.h"
#include "analyzer/report/csv.h"
#include "analyzer/report/json.h"
#include "analyzer/report/text.h"

namespace heapdrift::commands {

namespace {

// A site with fewer live blocks has no growth to judge. (Lost ones need none.)
constexpr uint64_t kLeastLive = 3;

struct Arguments {
    std::string session;
    double min_score = model::kWatchScore;
    std::optional<size_t> explain;
    std::optional<size_t> top;
    std::optional<size_t> frames;
    SuppressionOptions suppressions;
    FilterOptions filter;
    NameOptions names;
    OutputOptions output;
};

// Takes out what a rule names.
void suppress(report::LeaksDocument& document) {
    std::erase_if(document.leaks, [&](const model::LeakScore& leak) {
        const model::Site& site = document.site_of(leak);
        return document.suppressions.take(model::frames_of_site(document.profile, site),
                                          site.figures.live_bytes);
    });
}

void find_leaks(const Arguments& arguments) {
    const model::Filter filter = arguments.filter.filter();
    model::Suppressions rules = read_suppressions(arguments.suppressions);
    const input::SessionAddress address = input::parse_session_address(arguments.session);
    if (address.point != "last")
        throw UsageFailure(fmt::format(
            "@{}: leaks are judged by all snapshots; name the session alone", address.point));
    input::LoadedHistory loaded = input::load_history(address, {.least_live = kLeastLive});
    input::recognize_exec(loaded.session.profile.session);
    name_addresses(loaded.session, arguments.names);
    model::apply(filter, loaded.session.profile);
    model::keep_sites_of(loaded.session.profile, loaded.history);
    add_own_suppressions(arguments.suppressions, loaded.session.profile, rules);
    report::LeaksDocument document{
        .profile = loaded.session.profile,
        .history = loaded.history,
        .leaks = {},
        .ignored = model::drop_ignored_sites(loaded.session.profile, loaded.history),
        .explained = arguments.explain};
    document.leaks = model::rank_leaks(loaded.history, arguments.min_score);
    document.least_score = arguments.min_score;
    document.suppressions = std::move(rules);
    suppress(document);
    const bool text = arguments.output.format == Format::text;
    document.top = arguments.top.value_or(text ? 10 : 0);
    document.frames = arguments.frames.value_or(text ? 10 : 0);
    document.filtered = !filter.empty();
    if (arguments.explain &&
        (*arguments.explain == 0 || *arguments.explain > document.leaks.size()))
        throw UsageFailure(fmt::format(
            "--explain {}: {} {:.2f} or more", *arguments.explain,
            document.leaks.size() == 1 ? "1 site is scored"
                                       : fmt::format("{} sites are scored", document.leaks.size()),
            arguments.min_score));
    write_document(arguments.output, document, report::write_leaks_text, report::write_leaks_json,
                   report::write_leaks_csv);
}

}  // namespace

void add_leaks(CLI::App& app, int&) {
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* command = app.add_subcommand("leaks", "Rank the sites that leak, with the evidence");
    command
        ->add_option("SESSION", arguments->session,
                     "A session file or the pid of a running process")
        ->type_name("")
        ->required();
    command->add_option("--explain", arguments->explain, "Show all evidence of the N-th alone")
        ->type_name("N");
    command
        ->add_option("--min-score", arguments->min_score,
                     "Least score that is shown, from 0 to 1 (default: 0.3)")
        ->type_name("X")
        ->check(CLI::Range(0.0, 1.0));
    command
        ->add_option("--top", arguments->top,
                     "Sites to show, 0 for all (default: 10 in text, else all)")
        ->type_name("N");
    command
        ->add_option("--frames", arguments->frames,
                     "Frames of a stack to show, 0 for all (default: 10 in text, else all)")
        ->type_name("N");
    add_suppression_options(*command, arguments->suppressions);
    add_filter_options(*command, arguments->filter);
    add_name_options(*command, arguments->names);
    add_output_options(*command, arguments->output);
    command->footer(
        "Examples:\n"
        "  heapdrift leaks server.4711.heapdrift\n"
        "  heapdrift leaks server.4711.heapdrift --explain 1\n"
        "  heapdrift leaks 4711 --min-score 0.7 --format json\n"
        "\n"
        "A score from 0.7 says leak, from 0.5 likely, from 0.3 watch. It comes from blocks\n"
        "that outlive what the same code usually allocates: whether they come from many\n"
        "snapshots, die no more, become more, and go on coming. What is live at the last\n"
        "snapshot before the program's exit counts. With fewer than 16 snapshots the score\n"
        "is at most 0.6: record for longer, or with a shorter --interval. Blocks that a scan\n"
        "found lost (run --scan, heapdrift scan) need no growth.");
    command->callback([arguments] { find_leaks(*arguments); });
}

}  // namespace heapdrift::commands
