// The command line of heapdrift run.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace heapdrift::commands {

struct RunArguments {
    std::vector<std::string> command;  // the program and its arguments
    std::string output;
    bool force = false;
    std::optional<uint64_t> interval_ms;
    std::optional<uint32_t> depth;
    bool keep_all = false;
    bool no_symbols = false;
    bool scan = false;
    std::string sample;                         // size, "" for exact mode
    std::vector<std::string> recorder_options;  // of -O, as "name=value"
    bool no_report = false;
    bool quiet = false;
    bool follow = false;
    std::string report_file;
    bool no_config = false;
    std::optional<unsigned> top;
};

void add_run_arguments(CLI::App& command, RunArguments& arguments);

// The size behind --sample may be left out, and the parser would take the program for it: joins the
// two into one word where it is there. To be done before parsing.
std::vector<std::string> join_sample_size(const CLI::App& run, std::vector<std::string> arguments);

// Of this process, as they were written.
std::vector<std::string> own_arguments();

// Of --sample. Throws UsageFailure.
uint64_t sampling_interval(const RunArguments& arguments);

// What the parser cannot check by itself. Throws UsageFailure.
void check_run_arguments(RunArguments& arguments);

}  // namespace heapdrift::commands
