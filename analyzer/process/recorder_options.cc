#include "analyzer/process/recorder_options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>

namespace heapdrift::process {
namespace {

constexpr std::string_view kLibraryName = "libheapdrift_preload.so";
constexpr std::string_view kPreloadPrefix = "LD_PRELOAD=";
constexpr std::string_view kOptionsPrefix = "HEAPDRIFT_OPTIONS=";

struct KnownOption {
    std::string_view name;
    uint64_t lowest;
    uint64_t highest;
};
// Those a user may set by -O. output and root_pid are the command's own.
constexpr std::array<KnownOption, 10> kKnownOptions = {{
    {"cuda_patch", 0, 1},
    {"interval", 1, 3'600'000},
    {"operations", 0, uint64_t{1} << 40},
    {"depth", 1, 1024},
    {"keep_all", 0, 1},
    {"min_descendant", 0, UINT64_MAX},
    {"sample", 0, uint64_t{1} << 40},
    {"scan", 0, 1},
    {"verify", 0, UINT32_MAX},
    {"clock", 1, 1'000'000},
}};

// LD_PRELOAD may be divided by spaces as well as by colons.
std::string without_recorder(std::string_view preload) {
    std::string kept;
    while (!preload.empty()) {
        const size_t end = std::min(preload.find_first_of(": "), preload.size());
        const std::string_view entry = preload.substr(0, end);
        preload.remove_prefix(std::min(end + 1, preload.size()));
        if (entry.empty() || entry.substr(entry.rfind('/') + 1) == kLibraryName) continue;
        if (!kept.empty()) kept += ':';
        kept += entry;
    }
    return kept;
}

std::string inherited_preload() {
    const char* value = std::getenv("LD_PRELOAD");
    return value != nullptr ? without_recorder(value) : "";
}

std::vector<std::string> other_variables() {
    std::vector<std::string> variables;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view variable = *entry;
        if (!variable.starts_with(kPreloadPrefix) && !variable.starts_with(kOptionsPrefix))
            variables.emplace_back(variable);
    }
    return variables;
}

}  // namespace

std::string check_option(std::string_view assignment) {
    const size_t equals = assignment.find('=');
    const std::string_view name = assignment.substr(0, equals);
    const auto* known =
        std::find_if(kKnownOptions.begin(), kKnownOptions.end(),
                     [&](const KnownOption& option) { return option.name == name; });
    if (known == kKnownOptions.end()) {
        if (name == "output" || name == "root_pid")
            return fmt::format("recorder option '{}' is set by heapdrift run itself; use -o", name);
        std::string names;
        for (const KnownOption& option : kKnownOptions)
            names += fmt::format("{}{}", names.empty() ? "" : ", ", option.name);
        return fmt::format("unknown recorder option '{}'; known are {}", name, names);
    }
    if (equals == std::string_view::npos)
        return fmt::format("recorder option '{}' needs a value: -O {}=VALUE", name, name);
    const std::string_view value = assignment.substr(equals + 1);
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size() || number < known->lowest ||
        number > known->highest)
        return fmt::format("recorder option '{}' takes a number from {} to {}, not '{}'", name,
                           known->lowest, known->highest, value);
    return "";
}

std::string encode_options(const RecorderOptions& options) {
    std::string text;
    for (const auto& [name, value] : options) {
        if (!text.empty()) text += ':';
        text += name;
        text += '=';
        for (const char c : value) {
            if (c == ':' || c == '\\') text += '\\';
            text += c;
        }
    }
    return text;
}

RecorderOptions decode_options(std::string_view text) {
    RecorderOptions options;
    std::string item;
    const auto finish = [&] {
        const size_t equals = item.find('=');
        if (!item.empty())
            options.emplace_back(item.substr(0, equals),
                                 equals == std::string::npos ? "" : item.substr(equals + 1));
        item.clear();
    };
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) {
            item += text[++i];
        } else if (text[i] == ':') {
            finish();
        } else {
            item += text[i];
        }
    }
    finish();
    return options;
}

std::vector<std::string> recorded_environment(const std::string& library,
                                              const RecorderOptions& options) {
    std::vector<std::string> variables = other_variables();
    const std::string others = inherited_preload();
    variables.push_back(
        fmt::format("{}{}{}{}", kPreloadPrefix, library, others.empty() ? "" : ":", others));
    RecorderOptions all;
    if (const char* inherited = std::getenv("HEAPDRIFT_OPTIONS"); inherited != nullptr)
        all = decode_options(inherited);
    std::erase_if(all, [&](const auto& old) {
        return std::any_of(options.begin(), options.end(),
                           [&](const auto& option) { return option.first == old.first; });
    });
    all.insert(all.end(), options.begin(), options.end());
    variables.push_back(fmt::format("{}{}", kOptionsPrefix, encode_options(all)));
    return variables;
}

std::vector<std::string> unrecorded_environment() {
    std::vector<std::string> variables = other_variables();
    if (const std::string others = inherited_preload(); !others.empty())
        variables.push_back(fmt::format("{}{}", kPreloadPrefix, others));
    return variables;
}

}  // namespace heapdrift::process
