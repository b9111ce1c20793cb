// What heapdrift run says when the program has ended.
#pragma once

#include <sys/types.h>

#include <vector>

#include "analyzer/commands/run_arguments.h"
#include "analyzer/process/executable.h"
#include "analyzer/process/launch.h"
#include "analyzer/process/session_collector.h"

namespace heapdrift::commands {

// The figures of the process with the highest peak, its report, and the others in a table; all on
// stderr, which is not the program's output.
void print_run_summary(const RunArguments& arguments, const process::Executable& executable,
                       const process::Outcome& outcome, const process::Collected& collected,
                       const std::vector<pid_t>& still_recording);

}  // namespace heapdrift::commands
