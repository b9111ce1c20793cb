#include "analyzer/input/baseline_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "analyzer/model/failure.h"

namespace heapdrift::input {

namespace {

using Json = nlohmann::json;
using LinesOfArrays = std::map<std::string, std::vector<size_t>>;

// The library knows the place of what is no JSON, and forgets that of what it has read: the lines
// on which the elements of the document's arrays begin.
LinesOfArrays element_lines(std::string_view text) {
    LinesOfArrays lines;
    std::string array;
    std::string word;
    size_t line = 1;
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\n') ++line;
        if (in_string) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                in_string = false;
            else if (depth == 1)
                word += c;
            continue;
        }
        if (c == '"') {
            in_string = true;
            if (depth == 1) word.clear();
            if (depth == 2) lines[array].push_back(line);
        }
        if (c == '{' || c == '[') {
            if (depth == 1) array = word;
            if (depth == 2) lines[array].push_back(line);
            ++depth;
        }
        if (c == '}' || c == ']') --depth;
    }
    return lines;
}

class Reader {
public:
    Reader(std::string_view text, const std::string& file) : text_(text), file_(file) {}

    model::Baseline read() {
        Json document;
        try {
            document = Json::parse(text_);
        } catch (const Json::parse_error& error) {
            refuse(line_of(error.byte), not_json(error.what()));
        }
        if (!document.is_object()) refuse(1, "an object with \"schema\" and \"leaks\" is expected");
        lines_ = element_lines(text_);
        check_keys(document, {"schema", "figures", "leaks"}, 1);
        const auto schema = document.find("schema");
        if (schema == document.end() || !schema->is_number_unsigned())
            refuse(1, "\"schema\": 1 is expected");
        if (*schema != 1)
            refuse(1, fmt::format("schema {} is of a later version of heapdrift, this one reads 1",
                                  schema->dump()));
        model::Baseline baseline;
        read_array(document, "figures", [&](const Json& entry, size_t line) {
            baseline.figures.push_back(read_figure(entry, line));
        });
        read_array(document, "leaks", [&](const Json& entry, size_t line) {
            baseline.leaks.push_back(read_leak(entry, line));
        });
        model::sort(baseline);
        return baseline;
    }

private:
    template <typename Read>
    void read_array(const Json& document, const char* name, Read read) {
        const auto array = document.find(name);
        if (array == document.end()) return;
        if (!array->is_array()) refuse(1, fmt::format("\"{}\": an array is expected", name));
        const std::vector<size_t>& lines = lines_[name];
        for (size_t i = 0; i < array->size(); ++i) {
            const size_t line = i < lines.size() ? lines[i] : 1;
            if (!(*array)[i].is_object())
                refuse(line, fmt::format("\"{}\": an object is expected", name));
            read((*array)[i], line);
        }
    }

    model::BaselineFigure read_figure(const Json& entry, size_t line) {
        check_keys(entry, {"program", "metric", "values"}, line);
        model::BaselineFigure figure;
        figure.program = text_at(entry, "program", line);
        figure.metric =
            choice_at<model::Metric>(entry, "metric", {"peak", "live_at_end", "allocations"}, line);
        const auto values = entry.find("values");
        const bool numbers =
            values != entry.end() && values->is_array() && !values->empty() &&
            std::ranges::all_of(*values, [](const Json& v) { return v.is_number_unsigned(); });
        if (!numbers) refuse(line, "\"values\": an array of whole numbers is expected");
        figure.values = values->get<std::vector<uint64_t>>();
        if (!figures_.insert({figure.program, figure.metric}).second)
            refuse(line, fmt::format("{} of {} stands here twice",
                                     model::metric_name(figure.metric), figure.program));
        return figure;
    }

    model::BaselineLeak read_leak(const Json& entry, size_t line) {
        check_keys(entry, {"id", "stack", "domain", "kind", "blocks", "bytes", "programs"}, line);
        model::BaselineLeak leak;
        leak.identity.stack = texts_at(entry, "stack", line);
        std::vector<const char*> domains;
        for (uint32_t i = 0; i < kDomainCount; ++i)
            domains.push_back(domain_name(static_cast<Domain>(i)));
        leak.identity.domain = choice_at<Domain>(entry, "domain", domains, line);
        leak.kind =
            choice_at<model::LeakKind>(entry, "kind", {"growth", "lost", "lost+growth"}, line);
        leak.blocks = number_at(entry, "blocks", line);
        leak.bytes = number_at(entry, "bytes", line);
        leak.programs = texts_at(entry, "programs", line);
        if (text_at(entry, "id", line) != leak.identity.id())
            refuse(line, fmt::format("\"id\": {} is expected of this stack; entries are written by "
                                     "heapdrift baseline update, not by hand",
                                     leak.identity.id()));
        if (!leaks_.insert(leak.identity).second)
            refuse(line, fmt::format("leak {} stands here twice", leak.identity.id()));
        return leak;
    }

    void check_keys(const Json& object, std::initializer_list<const char*> known, size_t line) {
        for (const auto& [key, value] : object.items())
            if (std::ranges::find(known, key) == known.end())
                refuse(line, fmt::format("\"{}\" is no key here; there are {}", key,
                                         fmt::join(known, ", ")));
    }

    std::string text_at(const Json& object, const char* key, size_t line) {
        const auto value = object.find(key);
        if (value == object.end() || !value->is_string())
            refuse(line, fmt::format("\"{}\": a string is expected", key));
        return value->get<std::string>();
    }

    std::vector<std::string> texts_at(const Json& object, const char* key, size_t line) {
        const auto values = object.find(key);
        const bool texts =
            values != object.end() && values->is_array() && !values->empty() &&
            std::ranges::all_of(*values, [](const Json& value) { return value.is_string(); });
        if (!texts) refuse(line, fmt::format("\"{}\": an array of strings is expected", key));
        return values->get<std::vector<std::string>>();
    }

    uint64_t number_at(const Json& object, const char* key, size_t line) {
        const auto value = object.find(key);
        if (value == object.end() || !value->is_number_unsigned())
            refuse(line, fmt::format("\"{}\": a whole number is expected", key));
        return value->get<uint64_t>();
    }

    // The value's position among the names is the enumeration's.
    template <typename Enum>
    Enum choice_at(const Json& object, const char* key, const std::vector<const char*>& names,
                   size_t line) {
        const auto value = object.find(key);
        const std::string text =
            value != object.end() && value->is_string() ? value->get<std::string>() : "";
        const auto found = std::ranges::find(names, text);
        if (found == names.end())
            refuse(line, fmt::format("\"{}\": one of {} is expected", key, fmt::join(names, ", ")));
        return static_cast<Enum>(found - names.begin());
    }

    size_t line_of(size_t byte) const {
        const std::string_view before = text_.substr(0, byte == 0 ? 0 : byte - 1);
        return 1 + static_cast<size_t>(std::ranges::count(before, '\n'));
    }

    std::string not_json(const std::string& message) const {
        if (text_.find("\n<<<<<<<") != std::string_view::npos || text_.starts_with("<<<<<<<"))
            return "a merge is not finished: keep the lines of both sides, and run heapdrift "
                   "baseline update";
        const size_t reason = message.find("syntax error");
        return "this is no JSON: " +
               (reason == std::string::npos ? message : message.substr(reason));
    }

    [[noreturn]] void refuse(size_t line, const std::string& what) const {
        throw UsageFailure(fmt::format("{}:{}: {}", file_, line, what));
    }

    std::string_view text_;
    const std::string& file_;
    LinesOfArrays lines_;
    std::set<std::pair<std::string, model::Metric>> figures_;
    std::set<model::LeakIdentity> leaks_;
};

}  // namespace

model::Baseline parse_baseline(std::string_view text, const std::string& file) {
    return Reader(text, file).read();
}

LoadedBaseline load_baseline(const std::string& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error))
        throw Failure(fmt::format("{}: {}", path, std::strerror(EISDIR)));
    std::ifstream file(path, std::ios::binary);
    if (!file && errno == ENOENT) return {};
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) throw Failure(fmt::format("{}: {}", path, std::strerror(errno)));
    return {parse_baseline(text.str(), path), true};
}

}  // namespace heapdrift::input
