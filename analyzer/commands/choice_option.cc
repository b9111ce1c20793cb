#include "analyzer/commands/choice_option.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace heapdrift::commands {

namespace {

// What the validator of a choice is called: this, then its words.
constexpr std::string_view kPrefix = "one of ";
constexpr std::string_view kDivider = ", ";

}  // namespace

void set_choices(CLI::Option& option, const std::vector<std::string>& words) {
    const std::string listed = fmt::format("{}", fmt::join(words, kDivider));
    const auto check = [words, listed](const std::string& text) {
        return std::ranges::find(words, text) != words.end()
                   ? std::string()
                   : fmt::format("'{}' is none of {}", text, listed);
    };
    option.check(check, "", std::string(kPrefix) + listed);
}

std::vector<std::string> choices_of(CLI::Option& option) {
    std::vector<std::string> words;
    std::string name;
    try {
        name = option.get_validator(0)->get_name();
    } catch (const CLI::OptionNotFound&) {
        return words;
    }
    if (!name.starts_with(kPrefix)) return words;
    for (size_t at = kPrefix.size(); at < name.size();) {
        const size_t end = std::min(name.find(kDivider, at), name.size());
        words.push_back(name.substr(at, end - at));
        at = end + kDivider.size();
    }
    return words;
}

}  // namespace heapdrift::commands
