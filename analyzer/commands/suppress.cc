// heapdrift suppress: the rules that take a site out of the report.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <memory>

#include "analyzer/commands/command.h"
#include "analyzer/commands/view_options.h"
#include "analyzer/model/failure.h"
#include "analyzer/model/suppression.h"

namespace heapdrift::commands {

namespace {

struct Arguments {
    std::string session;
    uint32_t site = 0;
    bool valgrind = false;
    NameOptions names;
};

void write_rule(const Arguments& arguments) {
    const model::Profile profile = load_profile(arguments.session, arguments.names, {});
    const auto site = std::ranges::find(profile.sites, arguments.site, &model::Site::id);
    if (site == profile.sites.end())
        throw Failure(fmt::format("{}: there is no site {}; its numbers are in leaks --format json",
                                  arguments.session, arguments.site));
    const std::vector<model::Frame> frames = model::frames_of_site(profile, *site);
    const std::string name =
        fmt::format("{} site {}", model::started_name(profile.session), site->id);
    const std::string rule =
        arguments.valgrind ? model::valgrind_rule(frames, name) : model::lsan_rule(frames);
    if (rule.empty())
        throw Failure(fmt::format("{}: nothing is known of the stack of site {}", arguments.session,
                                  arguments.site));
    if (!arguments.valgrind) std::cout << "# " << name << '\n';
    std::cout << rule << '\n';
}

}  // namespace

void add_suppress(CLI::App& app, int&) {
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* command = app.add_subcommand("suppress", "Write the suppression rule of a site");
    add_session_option(*command, arguments->session);
    command->add_option("SITE", arguments->site, "The site's number, as in leaks --format json")
        ->type_name("")
        ->required();
    command->add_flag("--valgrind", arguments->valgrind,
                      "Valgrind's syntax, with three frames, instead of LeakSanitizer's");
    add_name_options(*command, arguments->names);
    command->footer(
        "Examples:\n"
        "  heapdrift suppress server.4711.heapdrift 17 >> leaks.supp\n"
        "  heapdrift leaks server.4711.heapdrift --suppressions leaks.supp");
    command->callback([arguments] { write_rule(*arguments); });
}

}  // namespace heapdrift::commands
