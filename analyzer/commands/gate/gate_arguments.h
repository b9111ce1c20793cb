// The command line of `check` and of `baseline`, joined with the settings of environment and files.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "analyzer/commands/names.h"
#include "analyzer/model/gate/settings.h"

namespace heapdrift::commands {

struct GateArguments {
    std::vector<std::string> sources;  // recordings, or the program with its arguments
    bool is_command = false;           // `--` stood before them
    std::string config;
    bool no_config = false;
    model::Settings flags;             // what the command line said
    std::vector<std::string> budgets;  // of --budget
    std::vector<std::string> suppressions;
    bool as_runs = false;
    std::string keep;  // folder for the recordings
    NameOptions names;
};

// Sources, settings and budgets: what judging takes.
void add_gate_arguments(CLI::App& command, GateArguments& arguments);

// What may fail: of `check` alone.
void add_fail_on(CLI::App& command, GateArguments& arguments);

// Takes the program and its arguments as they were written where `--` stood on the command line,
// and throws UsageFailure where there is neither it nor a recording.
void complete_gate_arguments(GateArguments& arguments);

// "peak=200MiB", "leaked:heap=0", "growth@warm..done=1MiB": METRIC[:DOMAIN][@FROM..TO]=LIMIT.
// Throws UsageFailure.
model::Budget parse_budget(const std::string& text);

// Flag, environment, project, user: the first that says something counts.
model::Settings settings_of(const GateArguments& arguments);
// The same of environment and files alone, for commands without the flags of a gate.
model::Settings settings_of_files(const std::string& config, bool no_config);

}  // namespace heapdrift::commands
