#include "analyzer/input/settings_file.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "analyzer/input/settings_keys.h"
#include "analyzer/model/failure.h"

namespace heapdrift::input {

namespace {

namespace fs = std::filesystem;

class Reader {
public:
    Reader(const std::string& file, const std::string& folder) : file_(file), folder_(folder) {}

    model::Settings read(std::string_view text) {
        try {
            const toml::table document = toml::parse(text);
            for (const auto& [key, node] : document) read_top(std::string(key.str()), key, node);
        } catch (const toml::parse_error& error) {
            refuse(error.source(), std::string(error.description()));
        }
        return std::move(settings_);
    }

private:
    void read_top(const std::string& name, const toml::key& key, const toml::node& node) {
        if (name == "schema") {
            if (node.value<int64_t>() != 1)
                refuse(node.source(), "schema: 1 is expected, which this heapdrift reads");
        } else if (name == "budget") {
            read_budgets(node);
        } else if (std::ranges::any_of(setting_keys(), [&](const SettingKey& known) {
                       return name == known.section;
                   })) {
            if (!node.is_table())
                refuse(key.source(), fmt::format("a section is expected: [{}]", name));
            for (const auto& [inner, value] : *node.as_table())
                read_setting(name, std::string(inner.str()), inner, value);
        } else {
            refuse(key.source(),
                   fmt::format("'{}' is not known; there are schema, [record], [report], [gate], "
                               "[tolerance] and [[budget]]",
                               name));
        }
    }

    void read_setting(const std::string& section, const std::string& name, const toml::key& key,
                      const toml::node& node) {
        std::vector<const char*> names;
        for (const SettingKey& known : setting_keys()) {
            if (section != known.section) continue;
            names.push_back(known.name);
            if (name != known.name) continue;
            const std::optional<SettingValue> value = value_of(node);
            if (!value || !known.set(settings_, *value))
                refuse(key.source(),
                       fmt::format("{} of [{}]: {} is expected", name, section, known.expected));
            return;
        }
        refuse(key.source(), fmt::format("'{}' is no key of [{}]; there are {}", name, section,
                                         fmt::join(names, ", ")));
    }

    std::optional<SettingValue> value_of(const toml::node& node) const {
        SettingValue value{.value = false, .is_text = false, .folder = folder_};
        if (const auto* flag = node.as_boolean())
            value.value = flag->get();
        else if (const auto* whole = node.as_integer())
            value.value = whole->get();
        else if (const auto* real = node.as_floating_point())
            value.value = real->get();
        else if (const auto* text = node.as_string())
            value.value = text->get();
        else if (const auto* array = node.as_array()) {
            std::vector<std::string> texts;
            for (const toml::node& element : *array) {
                const auto* word = element.as_string();
                if (word == nullptr) return std::nullopt;
                texts.push_back(word->get());
            }
            value.value = texts;
        } else {
            return std::nullopt;
        }
        return value;
    }

    void read_budgets(const toml::node& node) {
        const toml::array* budgets = node.as_array();
        if (budgets == nullptr || !budgets->is_homogeneous<toml::table>())
            refuse(node.source(), "budgets are written [[budget]], each with its keys below it");
        settings_.budgets.emplace();
        for (const toml::node& budget : *budgets)
            settings_.budgets->push_back(read_budget(*budget.as_table()));
    }

    model::Budget read_budget(const toml::table& table) {
        model::Budget budget;
        budget.origin = place(table.source());
        bool has_metric = false;
        bool has_limit = false;
        for (const auto& [key, node] : table) {
            const std::string name(key.str());
            std::string* const text = text_of_budget(budget, name);
            if (text != nullptr) {
                *text = text_at(name, key, node);
            } else if (name == "metric") {
                budget.metric = choice_at<model::Metric>(name, key, node, metric_names());
                has_metric = true;
            } else if (name == "domain") {
                budget.domain = choice_at<Domain>(name, key, node, domain_names());
            } else if (name == "limit") {
                budget.limit = limit_at(key, node);
                has_limit = true;
            } else {
                refuse(key.source(), fmt::format("'{}' is no key of [[budget]]; there are name, "
                                                 "match, metric, domain, site, from, to, limit, "
                                                 "message",
                                                 name));
            }
        }
        if (!has_metric || !has_limit) refuse(table.source(), "a budget needs metric and limit");
        check_budget(budget, place(table.source()));
        return budget;
    }

    static std::string* text_of_budget(model::Budget& budget, const std::string& name) {
        if (name == "name") return &budget.name;
        if (name == "match") return &budget.match;
        if (name == "site") return &budget.site;
        if (name == "from") return &budget.from;
        if (name == "to") return &budget.to;
        return name == "message" ? &budget.message : nullptr;
    }

    static std::vector<const char*> metric_names() {
        return {model::kMetricNames.begin(), model::kMetricNames.end()};
    }
    static std::vector<const char*> domain_names() {
        std::vector<const char*> names;
        for (uint32_t i = 0; i < kDomainCount; ++i)
            names.push_back(domain_name(static_cast<Domain>(i)));
        return names;
    }

    std::string text_at(const std::string& name, const toml::key& key, const toml::node& node) {
        const auto* text = node.as_string();
        if (text == nullptr)
            refuse(key.source(), fmt::format("{} of [[budget]]: a string is expected", name));
        return text->get();
    }

    // The value's position among the names is the enumeration's.
    template <typename Enum>
    Enum choice_at(const std::string& name, const toml::key& key, const toml::node& node,
                   const std::vector<const char*>& names) {
        const auto* text = node.as_string();
        const auto found = text == nullptr ? names.end() : std::ranges::find(names, text->get());
        if (found == names.end())
            refuse(key.source(), fmt::format("{} of [[budget]]: one of {} is expected", name,
                                             fmt::join(names, ", ")));
        return static_cast<Enum>(found - names.begin());
    }

    uint64_t limit_at(const toml::key& key, const toml::node& node) {
        if (const auto* text = node.as_string())
            if (const auto size = model::size_from(text->get())) return *size;
        if (const auto* whole = node.as_integer(); whole != nullptr && whole->get() >= 0)
            return static_cast<uint64_t>(whole->get());
        refuse(key.source(),
               "limit of [[budget]]: a size such as \"200 MiB\" or a whole number is expected");
    }

    std::string place(const toml::source_region& region) const {
        return fmt::format("{}:{}", file_, region.begin.line);
    }
    [[noreturn]] void refuse(const toml::source_region& region, const std::string& what) const {
        throw UsageFailure(fmt::format("{}: {}", place(region), what));
    }

    const std::string& file_;
    const std::string& folder_;
    model::Settings settings_;
};

bool is_file(const fs::path& path) {
    std::error_code error;
    return fs::is_regular_file(path, error);
}

}  // namespace

model::Settings parse_settings(std::string_view text, const std::string& file,
                               const std::string& folder) {
    return Reader(file, folder).read(text);
}

model::Settings load_settings(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) throw Failure(fmt::format("{}: {}", path, std::strerror(errno)));
    return parse_settings(text.str(), path, fs::path(path).parent_path().string());
}

model::Settings settings_of_environment(const Variables& variables) {
    model::Settings settings;
    for (const SettingKey& key : setting_keys()) {
        std::string name = fmt::format("HEAPDRIFT_{}_{}", key.section, key.name);
        std::ranges::transform(name, name.begin(),
                               [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
        const char* text = variables(name.c_str());
        if (text == nullptr || *text == '\0') continue;
        const SettingValue value{.value = std::string(text), .is_text = true, .folder = ""};
        if (!key.set(settings, value))
            throw UsageFailure(fmt::format("{}={}: {} is expected", name, text, key.expected));
    }
    return settings;
}

std::optional<std::string> find_project_settings(const std::string& folder) {
    std::error_code error;
    const fs::path here = fs::path(folder);
    bool in_repository = false;
    for (fs::path above = here; !in_repository; above = above.parent_path()) {
        in_repository = fs::exists(above / ".git", error);
        if (above == above.parent_path()) break;
    }
    for (fs::path above = here;; above = above.parent_path()) {
        if (is_file(above / "heapdrift.toml")) return (above / "heapdrift.toml").string();
        if (!in_repository || fs::exists(above / ".git", error) || above == above.parent_path())
            return std::nullopt;
    }
}

std::optional<std::string> find_user_settings(const Variables& variables) {
    const char* configured = variables("XDG_CONFIG_HOME");
    const char* home = variables("HOME");
    fs::path folder;
    if (configured != nullptr && *configured == '/')
        folder = configured;
    else if (home != nullptr && *home != '\0')
        folder = fs::path(home) / ".config";
    else
        return std::nullopt;
    const fs::path file = folder / "heapdrift" / "config.toml";
    return is_file(file) ? std::optional(file.string()) : std::nullopt;
}

void check_budget(const model::Budget& budget, const std::string& where) {
    const bool labels = !budget.from.empty() && !budget.to.empty();
    const bool any = !budget.from.empty() || !budget.to.empty();
    if (budget.metric == model::Metric::growth && !labels)
        throw UsageFailure(fmt::format(
            "{}: growth is measured between two snapshots: give their labels, from and to", where));
    if (budget.metric != model::Metric::growth && any)
        throw UsageFailure(
            fmt::format("{}: from and to belong to the metric growth, and this is {}", where,
                        model::metric_name(budget.metric)));
}

}  // namespace heapdrift::input
