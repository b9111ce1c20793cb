// heapdrift suggest: what a recording suggests to change.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "analyzer/commands/command.h"
#include "analyzer/commands/suppression_options.h"
#include "analyzer/commands/view_options.h"
#include "analyzer/input/history_loader.h"
#include "analyzer/input/later_image.h"
#include "analyzer/model/failure.h"
#include "analyzer/model/leak_ranking.h"
#include "analyzer/report/suggestions.h"

namespace heapdrift::commands {

namespace {

constexpr bool is_judged(Domain domain) {
    return domain_may_leak(domain) || domain == Domain::cuda_imported;
}

// Sites with less are of no use to any rule: fewer live blocks than growth can be judged by, fewer
// bytes than is worth a look, fewer allocations than take a measurable time.
constexpr input::HistoryChoice kChoice{.domains = is_judged,
                                       .least_live = 3,
                                       .least_live_bytes = 1 << 20,
                                       .least_allocations = 10'000};

struct Arguments {
    std::string session;
    std::string limit;
    LengthOptions length;
    SuppressionOptions suppressions;
    FilterOptions filter;
    NameOptions names;
    OutputOptions output;
};

std::optional<double> limit_of(const Arguments& arguments, const model::History& history) {
    if (!arguments.limit.empty()) return static_cast<double>(parse_size(arguments.limit));
    if (history.cgroup_limit_bytes) return static_cast<double>(*history.cgroup_limit_bytes);
    return std::nullopt;
}

std::vector<model::LeakScore> leaks_of(const model::Profile& profile, model::History history,
                                       model::Suppressions& suppressions) {
    model::drop_ignored_sites(profile, history);
    std::erase_if(history.sites,
                  [](const model::SiteHistory& site) { return !domain_may_leak(site.domain); });
    std::vector<model::LeakScore> leaks = model::rank_leaks(history, model::kLikelyScore);
    std::erase_if(leaks, [&](const model::LeakScore& leak) {
        const auto site = std::ranges::find(profile.sites, leak.site, &model::Site::id);
        return suppressions.take(model::frames_of_site(profile, *site), site->figures.live_bytes);
    });
    return leaks;
}

void show_suggestions(const Arguments& arguments) {
    if (arguments.output.format == Format::csv)
        throw UsageFailure("--format csv: suggestions are text or JSON");
    const model::Filter filter = arguments.filter.filter();
    model::Suppressions rules = read_suppressions(arguments.suppressions);
    const input::SessionAddress address = input::parse_session_address(arguments.session);
    if (address.point != "last")
        throw UsageFailure(fmt::format(
            "@{}: suggestions are of all snapshots; name the session alone", address.point));
    input::LoadedHistory loaded = input::load_history(address, kChoice);
    model::Profile& profile = loaded.session.profile;
    input::recognize_exec(profile.session);
    name_addresses(loaded.session, arguments.names);
    model::apply(filter, profile);
    model::keep_sites_of(profile, loaded.history);
    add_own_suppressions(arguments.suppressions, profile, rules);
    const std::vector<model::LeakScore> leaks = leaks_of(profile, loaded.history, rules);
    const model::Subject subject{.profile = profile,
                                 .history = loaded.history,
                                 .leaks = leaks,
                                 .limit = limit_of(arguments, loaded.history),
                                 .limit_of_container = arguments.limit.empty(),
                                 .places = model::allocating_places(profile, loaded.history)};
    const bool text = arguments.output.format == Format::text;
    const report::SuggestDocument document{
        .profile = profile,
        .findings = model::suggest(subject),
        .suppressions = std::move(rules),
        .top = arguments.length.rows_shown(arguments.output.format),
        .frames = arguments.length.frames_shown(arguments.output.format),
        .filtered = !filter.empty()};
    write_output(arguments.output, [&](std::ostream& out, const report::Palette& palette) {
        if (text)
            report::write_suggest_text(out, document, palette);
        else
            report::write_suggest_json(out, document);
    });
}

}  // namespace

void add_suggest(CLI::App& app, int&) {
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* command =
        app.add_subcommand("suggest", "Say what to change, with the numbers behind it");
    add_whole_session_option(*command, arguments->session);
    command
        ->add_option("--limit", arguments->limit,
                     "The limit of memory that must not be reached (default: the container's)")
        ->type_name("SIZE");
    add_length_options(*command, arguments->length, "Suggestions");
    add_suppression_options(*command, arguments->suppressions);
    add_filter_options(*command, arguments->filter);
    add_name_options(*command, arguments->names);
    add_output_options(*command, arguments->output);
    command->footer(
        "Examples:\n"
        "  heapdrift suggest server.4711.heapdrift\n"
        "  heapdrift suggest 4711 --limit 2GiB --format json\n"
        "\n"
        "Rules: leak, limit, fragmentation, peak, temporary, short-lived, realloc-growth,\n"
        "tiny-blocks, bounded-cache, startup, footprint; of CUDA memory unmapped-handles,\n"
        "released-handles, open-imports, pinned-rounding, idle-pool, segments. Most programs\n"
        "break none. A rule that this recording does not hold the evidence for is named as\n"
        "not judged.\n"
        "Time in the allocator is counted with 20 ns for each malloc and its free.");
    command->callback([arguments] { show_suggestions(*arguments); });
}

}  // namespace heapdrift::commands
