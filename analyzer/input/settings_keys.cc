#include "analyzer/input/settings_keys.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <optional>

namespace heapdrift::input {

namespace {

using Texts = std::vector<std::string>;

const std::string* text_of(const SettingValue& value) {
    return std::get_if<std::string>(&value.value);
}

bool take(const SettingValue& value, std::optional<bool>& into) {
    if (value.is_text) {
        const std::string& text = *text_of(value);
        if (text != "0" && text != "1" && text != "true" && text != "false") return false;
        into = text == "1" || text == "true";
        return true;
    }
    if (const bool* flag = std::get_if<bool>(&value.value)) into = *flag;
    return std::holds_alternative<bool>(value.value);
}

bool take_number(const SettingValue& value, uint64_t low, uint64_t high,
                 std::optional<uint64_t>& into) {
    int64_t number = -1;
    if (value.is_text) {
        const std::string& text = *text_of(value);
        if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) return false;
        number = static_cast<int64_t>(
            std::min<uint64_t>(std::strtoull(text.c_str(), nullptr, 10), high + 1));
    } else if (const int64_t* whole = std::get_if<int64_t>(&value.value)) {
        number = *whole;
    }
    if (number < 0 || static_cast<uint64_t>(number) < low || static_cast<uint64_t>(number) > high)
        return false;
    into = static_cast<uint64_t>(number);
    return true;
}

bool take_share(const SettingValue& value, std::optional<double>& into) {
    double number = -1;
    if (value.is_text) {
        char* end = nullptr;
        number = std::strtod(text_of(value)->c_str(), &end);
        if (text_of(value)->empty() || *end != '\0') return false;
    } else if (const double* real = std::get_if<double>(&value.value)) {
        number = *real;
    } else if (const int64_t* whole = std::get_if<int64_t>(&value.value)) {
        number = static_cast<double>(*whole);
    }
    if (!(number >= 0 && number <= 1)) return false;
    into = number;
    return true;
}

bool take_interval(const SettingValue& value, std::optional<uint64_t>& into) {
    std::optional<uint64_t> milliseconds;
    if (const std::string* text = text_of(value))
        milliseconds = model::milliseconds_from(*text);
    else if (const int64_t* whole = std::get_if<int64_t>(&value.value); whole && *whole > 0)
        milliseconds = static_cast<uint64_t>(*whole);
    if (!milliseconds || *milliseconds < 1 || *milliseconds > 3'600'000) return false;
    into = milliseconds;
    return true;
}

bool take_path(const SettingValue& value, std::optional<std::string>& into) {
    const std::string* text = text_of(value);
    if (text == nullptr || text->empty()) return false;
    into = path_in(value.folder, *text);
    return true;
}

bool take_texts(const SettingValue& value, std::optional<Texts>& into) {
    if (const Texts* texts = std::get_if<Texts>(&value.value)) {
        into = *texts;
        return true;
    }
    if (!value.is_text) return false;
    Texts parts;
    std::string rest = *text_of(value);
    while (!rest.empty()) {
        const size_t colon = rest.find(':');
        if (colon != 0) parts.push_back(rest.substr(0, colon));
        rest = colon == std::string::npos ? "" : rest.substr(colon + 1);
    }
    into = parts;
    return true;
}

bool take_paths(const SettingValue& value, std::optional<Texts>& into) {
    std::optional<Texts> paths;
    if (!take_texts(value, paths)) return false;
    for (std::string& path : *paths) path = path_in(value.folder, path);
    into = paths;
    return true;
}

template <typename Enum, size_t N>
bool take_choice(const SettingValue& value, const std::array<const char*, N>& names,
                 std::optional<Enum>& into) {
    const std::string* text = text_of(value);
    const auto found = text == nullptr ? names.end() : std::ranges::find(names, *text);
    if (found == names.end()) return false;
    into = static_cast<Enum>(found - names.begin());
    return true;
}

// ["10%", "5 MiB"], in any order, or one of the two: the other is then 0.
bool take_tolerance(const SettingValue& value, std::optional<model::Tolerance>& into) {
    std::optional<Texts> parts;
    if (const std::string* text = text_of(value); text != nullptr && !value.is_text)
        parts = Texts{*text};
    else if (!take_texts(value, parts))
        return false;
    model::Tolerance tolerance;
    if (parts->empty() || parts->size() > 2) return false;
    size_t percentages = 0;
    for (const std::string& part : *parts) {
        if (const auto percent = model::percentage_from(part)) {
            tolerance.percent = *percent;
            ++percentages;
        } else if (const auto amount = model::size_from(part)) {
            tolerance.amount = *amount;
        } else {
            return false;
        }
    }
    if (percentages == 2 || (parts->size() == 2 && percentages == 0)) return false;
    into = tolerance;
    return true;
}

using model::Settings;

constexpr SettingKey kKeys[] = {
    {"record", "interval", "a time from \"1ms\" to \"60min\"",
     [](Settings& s, const SettingValue& v) { return take_interval(v, s.record.interval_ms); }},
    {"record", "depth", "a whole number from 1 to 1024",
     [](Settings& s, const SettingValue& v) { return take_number(v, 1, 1024, s.record.depth); }},
    {"record", "scan", "true or false",
     [](Settings& s, const SettingValue& v) { return take(v, s.record.scan); }},
    {"record", "keep_all", "true or false",
     [](Settings& s, const SettingValue& v) { return take(v, s.record.keep_all); }},
    {"record", "symbols", "true or false",
     [](Settings& s, const SettingValue& v) { return take(v, s.record.symbols); }},
    {"report", "source_root", "a folder",
     [](Settings& s, const SettingValue& v) { return take_path(v, s.report.source_root); }},
    {"report", "project_frames", "an array of shell patterns",
     [](Settings& s, const SettingValue& v) { return take_texts(v, s.report.project_frames); }},
    {"gate", "baseline", "a file",
     [](Settings& s, const SettingValue& v) { return take_path(v, s.gate.baseline); }},
    {"gate", "suppressions", "an array of files",
     [](Settings& s, const SettingValue& v) { return take_paths(v, s.gate.suppressions); }},
    {"gate", "programs", "an array of shell patterns",
     [](Settings& s, const SettingValue& v) { return take_texts(v, s.gate.programs); }},
    {"gate", "fail_on", "new-leak, any-leak or never",
     [](Settings& s, const SettingValue& v) {
         return take_choice(v, model::kFailOnNames, s.gate.fail_on);
     }},
    {"gate", "growth", "fail, warn or ignore",
     [](Settings& s, const SettingValue& v) {
         return take_choice(v, model::kGrowthPolicyNames, s.gate.growth);
     }},
    {"gate", "min_score", "a number from 0 to 1",
     [](Settings& s, const SettingValue& v) { return take_share(v, s.gate.min_score); }},
    {"gate", "runs", "a whole number from 1 to 100",
     [](Settings& s, const SettingValue& v) { return take_number(v, 1, 100, s.gate.runs); }},
    {"gate", "confirm", "a whole number from 0 to 100",
     [](Settings& s, const SettingValue& v) { return take_number(v, 0, 100, s.gate.confirm); }},
    {"gate", "strict", "true or false",
     [](Settings& s, const SettingValue& v) { return take(v, s.gate.strict); }},
    {"tolerance", "warn", "a percentage, a size or an array of both, such as [\"10%\", \"5 MiB\"]",
     [](Settings& s, const SettingValue& v) { return take_tolerance(v, s.tolerance.warn); }},
    {"tolerance", "fail", "a percentage, a size or an array of both, such as [\"10%\", \"5 MiB\"]",
     [](Settings& s, const SettingValue& v) { return take_tolerance(v, s.tolerance.fail); }},
    {"tolerance", "warn_allocations",
     "a percentage, a number or an array of both, such as [\"10%\", \"1000\"]",
     [](Settings& s, const SettingValue& v) {
         return take_tolerance(v, s.tolerance.warn_allocations);
     }},
    {"tolerance", "fail_allocations",
     "a percentage, a number or an array of both, such as [\"10%\", \"1000\"]",
     [](Settings& s, const SettingValue& v) {
         return take_tolerance(v, s.tolerance.fail_allocations);
     }},
};

}  // namespace

std::span<const SettingKey> setting_keys() {
    return kKeys;
}

std::string path_in(const std::string& folder, const std::string& path) {
    return folder.empty() ? path
                          : (std::filesystem::path(folder) / path).lexically_normal().string();
}

}  // namespace heapdrift::input
