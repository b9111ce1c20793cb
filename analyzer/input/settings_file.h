// heapdrift.toml: the settings of a project or of a user, and the variables of the environment that
// say the same. Keys that nobody reads are refused: a misspelt budget would pass for ever.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "analyzer/model/gate/settings.h"

namespace heapdrift::input {

// Paths in the settings are relative to `folder`. Throws UsageFailure that names file, line, key
// and what was expected.
model::Settings parse_settings(std::string_view text, const std::string& file,
                               const std::string& folder);
// Throws Failure where it cannot be read.
model::Settings load_settings(const std::string& path);

// HEAPDRIFT_GATE_RUNS is `runs` of [gate], and so on; lists are divided by colons.
using Variables = std::function<const char*(const char* name)>;
model::Settings settings_of_environment(const Variables& variables);

// heapdrift.toml in the folder or in one above it, up to the one that holds .git; without such a
// one, in the folder alone.
std::optional<std::string> find_project_settings(const std::string& folder);
// config.toml in $XDG_CONFIG_HOME/heapdrift, or ~/.config/heapdrift.
std::optional<std::string> find_user_settings(const Variables& variables);

// "peak", "growth", …, with what it needs. Throws UsageFailure; `where` begins its message.
void check_budget(const model::Budget& budget, const std::string& where);

}  // namespace heapdrift::input
