// What [record] of heapdrift.toml and the environment say of a run, where the command line is
// silent.
#pragma once

#include "analyzer/commands/run_arguments.h"
#include "analyzer/model/gate/settings.h"

namespace heapdrift::commands {

// HEAPDRIFT_OPTIONS comes before the settings: whoever set it means this program.
void apply_settings(const model::RecordSettings& settings, RunArguments& arguments);

}  // namespace heapdrift::commands
