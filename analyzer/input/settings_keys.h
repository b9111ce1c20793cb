// Every key of heapdrift.toml outside of [[budget]], and what it takes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "analyzer/model/gate/settings.h"

namespace heapdrift::input {

struct SettingValue {
    std::variant<bool, int64_t, double, std::string, std::vector<std::string>> value;
    // The text of an environment variable, which may stand for any of them.
    bool is_text = false;
    std::string folder;  // that a path is relative to
};

struct SettingKey {
    const char* section;
    const char* name;
    const char* expected;  // in words, for a value that is refused
    bool (*set)(model::Settings& settings, const SettingValue& value);
};

std::span<const SettingKey> setting_keys();

std::string path_in(const std::string& folder, const std::string& path);

}  // namespace heapdrift::input
