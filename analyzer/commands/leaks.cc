// heapdrift leaks: which sites leak, how sure that is, and why.
#include <fmt/format.h>

#include <memory>
#include <optional>

#include "analyzer/commands/command.h"
#include "analyzer/commands/style_options.h"
#include "analyzer/commands/suppression_options.h"
#include "analyzer/commands/view_options.h"
#include "analyzer/input/history_loader.h"
#include "analyzer/input/later_image.h"
#include "analyzer/model/failure.h"
#include "analyzer/model/leak_ranking.h"
#include "analyzer/report/csv.h"
#include "analyzer/report/json.h"
#include "analyzer/report/text.h"

namespace heapdrift::commands {

namespace {

// A site with fewer live blocks has no growth in their number to judge. (Lost ones need none.)
constexpr uint64_t kLeastLive = 3;
// A block that was enlarged to less is not looked at.
constexpr uint64_t kLeastReplacedBytes = 1024;

struct Arguments {
    std::string session;
    double min_score = model::kWatchScore;
    std::optional<size_t> explain;
    LengthOptions length;
    SuppressionOptions suppressions;
    FilterOptions filter;
    NameOptions names;
    OutputOptions output;
    StyleOptions style;
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
    input::LoadedHistory loaded =
        input::load_history(address, {.domains = domain_may_leak,
                                      .least_live = kLeastLive,
                                      .least_replaced_bytes = kLeastReplacedBytes});
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
    document.top = arguments.length.rows_shown(arguments.output.format);
    document.frames = arguments.length.frames_shown(arguments.output.format);
    document.filtered = !filter.empty();
    document.style = text_style(arguments.style, document.profile, arguments.output.format);
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
    add_whole_session_option(*command, arguments->session);
    command->add_option("--explain", arguments->explain, "Show all evidence of the N-th alone")
        ->type_name("N");
    command
        ->add_option("--min-score", arguments->min_score,
                     "Least score that is shown, from 0 to 1 (default: 0.3)")
        ->type_name("X")
        ->check(CLI::Range(0.0, 1.0));
    add_length_options(*command, arguments->length, "Sites");
    add_suppression_options(*command, arguments->suppressions);
    add_filter_options(*command, arguments->filter);
    add_name_options(*command, arguments->names);
    add_output_options(*command, arguments->output);
    add_style_options(*command, arguments->style);
    command->footer(
        "Examples:\n"
        "  heapdrift leaks server.4711.heapdrift\n"
        "  heapdrift leaks server.4711.heapdrift --explain 1\n"
        "  heapdrift leaks 4711 --min-score 0.7 --format json\n"
        "\n"
        "A score from 0.7 says leak, from 0.5 likely, from 0.3 watch. It comes from blocks\n"
        "that outlive what the same code usually allocates: whether they come from many\n"
        "snapshots, die no more, become more, and go on coming; or from a few blocks that\n"
        "become ever larger. What is live at the last snapshot before the program's exit\n"
        "counts. With fewer than 16 snapshots the score is at most 0.6: record for longer, or\n"
        "with a shorter --interval. Blocks that a scan found lost (run --scan, heapdrift scan)\n"
        "need no growth.");
    command->callback([arguments] { find_leaks(*arguments); });
}

}  // namespace heapdrift::commands
