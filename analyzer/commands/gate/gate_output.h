// Where a verdict goes: the terminal, files that were asked for, and GitHub's interface.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "analyzer/report/colour.h"
#include "analyzer/report/gate/check_document.h"

namespace heapdrift::commands {

enum class GithubMode { automatic, always, never };

struct GateOutputs {
    std::string sarif;
    std::string junit;
    std::string json;
    std::string markdown;
    GithubMode github = GithubMode::automatic;
    report::ColourMode colour = report::ColourMode::automatic;
};
void add_gate_outputs(CLI::App& command, GateOutputs& outputs);

// Text goes to stderr where a program was run, for then stdout is the program's, else to stdout.
// Files are replaced. Throws Failure where one cannot be written.
void write_gate_outputs(const GateOutputs& outputs, const report::CheckDocument& document);

// Appends to the summary of a step on GitHub, within what it may hold; nothing elsewhere.
void append_step_summary(const std::string& markdown);

}  // namespace heapdrift::commands
