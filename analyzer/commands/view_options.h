// The options that report, diff, info and export have in common.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "analyzer/commands/names.h"
#include "analyzer/model/aggregate.h"
#include "analyzer/model/filter.h"
#include "analyzer/report/colour.h"

namespace heapdrift::commands {

enum class Format { text, json, csv };

// Where the result goes, and how.
struct OutputOptions {
    Format format = Format::text;
    report::ColourMode colour = report::ColourMode::automatic;
    std::string path = "-";
    bool force = false;
    bool no_pager = false;
};
void add_output_options(CLI::App& command, OutputOptions& options);

// Calls `write` with the stream and the palette that the options ask for. Throws Failure when the
// file exists already (and --force is not given) or cannot be written in full.
void write_output(const OutputOptions& options,
                  const std::function<void(std::ostream&, const report::Palette&)>& write);

// The same for a document that can be written in each format.
template <typename Document>
void write_document(const OutputOptions& options, const Document& document,
                    void (*text)(std::ostream&, const Document&, const report::Palette&),
                    void (*json)(std::ostream&, const Document&),
                    void (*csv)(std::ostream&, const Document&)) {
    write_output(options, [&](std::ostream& out, const report::Palette& palette) {
        switch (options.format) {
            case Format::text:
                text(out, document, palette);
                break;
            case Format::json:
                json(out, document);
                break;
            case Format::csv:
                csv(out, document);
                break;
        }
    });
}

// SESSION with a point behind it.
void add_session_option(CLI::App& command, std::string& session);
// SESSION alone, for what is said of all of it.
void add_whole_session_option(CLI::App& command, std::string& session);

// NEW of a command line: "@12" alone means the file of OLD.
std::string complete_address(const std::string& new_session, const std::string& old_session);

void add_column_option(CLI::App& command, const std::string& name,
                       std::optional<model::Column>& column, const std::string& help);

// How much of a list is shown.
struct LengthOptions {
    std::optional<size_t> top;  // 0 for all
    std::optional<size_t> frames;
    // Text is for reading, machine output for everything.
    size_t rows_shown(Format format) const { return top.value_or(format == Format::text ? 10 : 0); }
    size_t frames_shown(Format format) const {
        return frames.value_or(format == Format::text ? 10 : 0);
    }
};
// rows: what they are called in the help, "Rows" or "Sites".
void add_length_options(CLI::App& command, LengthOptions& options, const std::string& rows);

// Which rows, in which order. What was given on the command line, before it is checked.
struct RowOptions : LengthOptions {
    model::GroupBy group_by = model::GroupBy::traceback;
    bool cumulative = false;
    std::optional<model::Column> sort;
    std::string min_bytes;
    model::Grouping grouping() const { return {group_by, cumulative}; }
    model::Column column() const { return sort.value_or(model::Column::live_bytes); }
};
void add_group_by_option(CLI::App& command, model::GroupBy& group_by);
void add_row_options(CLI::App& command, RowOptions& options);

struct FilterOptions {
    std::string focus;
    std::string ignore;
    std::vector<std::string> include;
    std::vector<std::string> exclude;
    bool all_frames = false;
    std::vector<Domain> domains;
    model::Filter filter() const;
};
void add_filter_options(CLI::App& command, FilterOptions& options);
void add_name_options(CLI::App& command, NameOptions& options);

// All that report and diff have in common.
struct ViewOptions {
    OutputOptions output;
    RowOptions rows;
    FilterOptions filter;
    NameOptions names;
};
void add_view_options(CLI::App& command, ViewOptions& options);

// "4096", "100 kB", "1.5 MiB". Throws UsageFailure. "" is 0.
uint64_t parse_size(const std::string& text);

// Loads, names, filters.
input::LoadedSession load_session(const input::SessionAddress& address, const NameOptions& names,
                                  const model::Filter& filter);
model::Profile load_profile(const std::string& address, const NameOptions& names,
                            const model::Filter& filter);

}  // namespace heapdrift::commands
