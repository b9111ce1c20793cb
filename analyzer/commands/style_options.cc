#include "analyzer/commands/style_options.h"

#include <memory>

#include "analyzer/commands/choice_option.h"
#include "analyzer/model/failure.h"
#include "analyzer/symbolize/source_files.h"

namespace heapdrift::commands {

void add_name_style_option(CLI::App& command, StyleOptions& options) {
    add_choice(command, "--template", options.whole_names,
               std::map<std::string, bool>{{"short", false}, {"full", true}},
               "Template arguments of C++ names in text: short leaves out defaults and long ones "
               "(default), full",
               "STYLE");
}

void add_style_options(CLI::App& command, StyleOptions& options) {
    add_name_style_option(command, options);
    command.add_flag("--source", options.source,
                     "Show the source lines round the innermost frame of each stack whose file is "
                     "here and no library's header");
    command
        .add_option("--source-path", options.source_path,
                    "Where source files are: a directory, in which the ends of their paths are "
                    "looked for, or FROM=TO for the beginning of paths; may be repeated")
        ->type_name("DIR")
        ->allow_extra_args(false);
}

report::TextStyle text_style(const StyleOptions& options, const model::Profile& profile,
                             Format format, model::GroupBy group_by) {
    report::TextStyle style;
    style.whole_names = options.whole_names;
    if (!options.source && options.source_path.empty()) return style;
    if (format != Format::text)
        throw UsageFailure("--source goes with --format text; the others name files and lines");
    if (group_by != model::GroupBy::traceback)
        throw UsageFailure("--source goes with --group-by traceback: it shows lines of stacks");
    style.source = [files = std::make_shared<symbolize::SourceFiles>(options.source_path),
                    since_ns = profile.session.started_realtime_ns](const std::string& file,
                                                                    uint32_t line) {
        return files->excerpt(file, line, since_ns);
    };
    return style;
}

}  // namespace heapdrift::commands
