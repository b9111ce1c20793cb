#include "analyzer/commands/gate/gate_output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "analyzer/model/failure.h"
#include "analyzer/report/gate/writers.h"

namespace heapdrift::commands {

namespace {

// Of one step; more makes GitHub drop all of it.
constexpr size_t kSummaryBytes = 1024 * 1024 - 1024;

using Write = void (*)(std::ostream&, const report::CheckDocument&);

void write_file(const std::string& path, const report::CheckDocument& document, Write write) {
    if (path.empty()) return;
    if (path == "-") {
        write(std::cout, document);
        std::cout.flush();
        return;
    }
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    if (!out) throw Failure(fmt::format("cannot create {}: {}", path, std::strerror(errno)));
    write(out, document);
    out.close();
    if (!out)
        throw Failure(
            fmt::format("{} could not be written in full: {}", path, std::strerror(errno)));
}

bool variable_is(const char* name, std::string_view value) {
    const char* text = std::getenv(name);
    return text != nullptr && text == value;
}

bool on_github(GithubMode mode) {
    if (mode != GithubMode::automatic) return mode == GithubMode::always;
    return variable_is("GITHUB_ACTIONS", "true");
}

template <typename Enum>
void add_choice(CLI::App& command, const std::string& flag, Enum& value,
                const std::map<std::string, Enum>& choices, const std::string& help) {
    command
        .add_option_function<std::string>(
            flag,
            [&value, choices, flag](const std::string& text) {
                const auto found = choices.find(text);
                if (found == choices.end())
                    throw CLI::ValidationError(
                        flag, fmt::format("'{}' is none of auto, always, never", text));
                value = found->second;
            },
            help)
        ->type_name("WHEN");
}

}  // namespace

void add_gate_outputs(CLI::App& command, GateOutputs& outputs) {
    command.add_option("--sarif", outputs.sarif, "Write SARIF 2.1.0, for code scanning")
        ->type_name("FILE");
    command.add_option("--junit", outputs.junit, "Write JUnit's XML, for test reports")
        ->type_name("FILE");
    command.add_option("--json", outputs.json, "Write JSON")->type_name("FILE");
    command.add_option("--markdown", outputs.markdown, "Write Markdown, for comments")
        ->type_name("FILE");
    add_choice<GithubMode>(command, "--github", outputs.github,
                           {{"auto", GithubMode::automatic},
                            {"always", GithubMode::always},
                            {"never", GithubMode::never}},
                           "Annotations and step summary of GitHub Actions: auto (where it runs), "
                           "always, never");
    add_choice<report::ColourMode>(command, "--color", outputs.colour,
                                   {{"auto", report::ColourMode::automatic},
                                    {"always", report::ColourMode::always},
                                    {"never", report::ColourMode::never}},
                                   "Colours in text: auto, always, never (default: auto)");
}

void write_gate_outputs(const GateOutputs& outputs, const report::CheckDocument& document) {
    const bool to_stderr = !document.command.empty() || outputs.sarif == "-" ||
                           outputs.junit == "-" || outputs.json == "-" || outputs.markdown == "-";
    std::ostream& text = to_stderr ? std::cerr : std::cout;
    const report::Palette palette(
        report::wants_colour(outputs.colour, to_stderr ? STDERR_FILENO : STDOUT_FILENO));
    report::write_check_text(text, document, palette);
    text.flush();
    if (on_github(outputs.github)) {
        report::write_check_annotations(std::cerr, document);
        std::ostringstream markdown;
        report::write_check_markdown(markdown, document, kSummaryBytes);
        append_step_summary(markdown.str());
    }
    write_file(outputs.sarif, document, report::write_check_sarif);
    write_file(outputs.junit, document, report::write_check_junit);
    write_file(outputs.json, document, report::write_check_json);
    write_file(outputs.markdown, document, [](std::ostream& out, const report::CheckDocument& of) {
        report::write_check_markdown(out, of, 0);
    });
}

void append_step_summary(const std::string& markdown) {
    const char* path = std::getenv("GITHUB_STEP_SUMMARY");
    if (path == nullptr || *path == '\0') return;
    std::error_code error;
    const auto used = std::filesystem::file_size(path, error);
    if (!error && used + markdown.size() > kSummaryBytes) {
        fmt::print(stderr, "heapdrift: the step's summary is full, this verdict is not in it\n");
        return;
    }
    std::ofstream out(path, std::ios::binary | std::ios::app);
    out << markdown;
    out.close();
    if (!out) fmt::print(stderr, "heapdrift: {}: {}\n", path, std::strerror(errno));
}

}  // namespace heapdrift::commands
