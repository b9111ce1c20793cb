// Which sites are known and left out: the options, and the rules that they come to.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "analyzer/model/profile.h"
#include "analyzer/model/suppression.h"

namespace heapdrift::commands {

struct SuppressionOptions {
    std::vector<std::string> files;
    bool only_files = false;
};
void add_suppressions_option(CLI::App& command, SuppressionOptions& options);  // of files alone
void add_suppression_options(CLI::App& command, SuppressionOptions& options);

// The rules of the files, in their order. Throws Failure and UsageFailure that name file and line.
model::Suppressions read_suppressions(const SuppressionOptions& options);
// Adds what the program says itself, and the built-in rules, unless the options say otherwise.
void add_own_suppressions(const SuppressionOptions& options, const model::Profile& profile,
                          model::Suppressions& suppressions);

}  // namespace heapdrift::commands
