#include "analyzer/commands/suppression_options.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>

#include "analyzer/model/built_in_suppressions.h"
#include "analyzer/model/failure.h"
#include "analyzer/symbolize/string_function.h"

namespace heapdrift::commands {

namespace {

constexpr const char* kOfProgram = "__lsan_default_suppressions";

void append(std::vector<model::SuppressionRule> rules, model::Suppressions& suppressions) {
    suppressions.rules.insert(suppressions.rules.end(), std::make_move_iterator(rules.begin()),
                              std::make_move_iterator(rules.end()));
}

// A program has one such function, whichever of its modules brings it.
void add_programs_rules(const model::Profile& profile, model::Suppressions& suppressions) {
    for (const model::Module& module : profile.modules) {
        const symbolize::StringFunction function =
            symbolize::find_string_function(module, kOfProgram);
        if (!function.defined) continue;
        const std::string origin =
            fmt::format("{} of {}", kOfProgram, model::base_name(module.path));
        if (!function.text) {
            suppressions.notes.push_back(origin +
                                         " computes its rules, which is not done here: not used");
            return;
        }
        try {
            std::vector<model::SuppressionRule> rules =
                model::parse_suppressions(*function.text, origin);
            for (model::SuppressionRule& rule : rules) rule.source = model::RuleSource::program;
            append(std::move(rules), suppressions);
        } catch (const UsageFailure& failure) {
            suppressions.notes.push_back(fmt::format("{}: not used", failure.what()));
        }
        return;
    }
}

}  // namespace

void add_suppressions_option(CLI::App& command, SuppressionOptions& options) {
    command
        .add_option("--suppressions", options.files,
                    "Leave out the sites that rules of this file name, in LeakSanitizer's or "
                    "valgrind's syntax; may be repeated")
        ->type_name("FILE")
        ->allow_extra_args(false);
}

void add_suppression_options(CLI::App& command, SuppressionOptions& options) {
    add_suppressions_option(command, options);
    command.add_flag("--only-suppressions", options.only_files,
                     "Use no other rules than those of --suppressions: not the built-in ones, nor "
                     "those that the program brings along (__lsan_default_suppressions)");
}

model::Suppressions read_suppressions(const SuppressionOptions& options) {
    model::Suppressions suppressions;
    for (const std::string& path : options.files) {
        std::ifstream file(path);
        std::ostringstream text;
        text << file.rdbuf();
        if (!file) throw Failure(fmt::format("{}: {}", path, std::strerror(errno)));
        append(model::parse_suppressions(text.str(), path), suppressions);
    }
    return suppressions;
}

void add_own_suppressions(const SuppressionOptions& options, const model::Profile& profile,
                          model::Suppressions& suppressions) {
    if (options.only_files) return;
    add_programs_rules(profile, suppressions);
    append(model::built_in_suppressions(), suppressions);
}

}  // namespace heapdrift::commands
