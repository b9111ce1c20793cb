// The options that say how text shows names and places of call stacks.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "analyzer/commands/view_options.h"
#include "analyzer/report/document.h"

namespace heapdrift::commands {

struct StyleOptions {
    bool whole_names = false;
    bool source = false;
    std::vector<std::string> source_path;
};
void add_name_style_option(CLI::App& command, StyleOptions& options);
// The same and --source.
void add_style_options(CLI::App& command, StyleOptions& options);

// Where the source is to be shown, it is compared in age with the profile's recording. Throws
// UsageFailure for a format or a grouping that has no place for it.
report::TextStyle text_style(const StyleOptions& options, const model::Profile& profile,
                             Format format, model::GroupBy group_by = model::GroupBy::traceback);

}  // namespace heapdrift::commands
