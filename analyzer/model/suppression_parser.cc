#include <fmt/format.h>

#include "analyzer/model/failure.h"
#include "analyzer/model/suppression.h"

namespace heapdrift::model {

namespace {

std::string_view trimmed(std::string_view line) {
    const size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

class Parser {
public:
    Parser(std::string_view text, const std::string& file) : rest_(text), file_(file) {}

    std::vector<SuppressionRule> parse() {
        for (std::string_view line; next(line);) {
            if (line.starts_with("leak:"))
                rules_.push_back({.text = std::string(line),
                                  .origin = here(),
                                  .anywhere = true,
                                  .pattern = pattern_behind(line, 5),
                                  .frames = {}});
            else if (line == "{")
                parse_block();
            else if (line.find(':') == std::string_view::npos)
                fail("'leak:PATTERN' or '{' is expected");
            // Other sanitizers' rules (race:, vptr:, …) may stand in the same file.
        }
        return std::move(rules_);
    }

private:
    // The next line that is not empty and no comment.
    bool next(std::string_view& line) {
        while (!rest_.empty()) {
            const size_t end = rest_.find('\n');
            line = trimmed(rest_.substr(0, end));
            rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
            ++number_;
            if (!line.empty() && !line.starts_with('#')) return true;
        }
        return false;
    }

    // An empty one would match every stack, or none.
    std::string pattern_behind(std::string_view line, size_t prefix) const {
        const std::string_view pattern = trimmed(line.substr(prefix));
        if (pattern.empty())
            fail(fmt::format("a pattern is expected behind '{}'", line.substr(0, prefix)));
        return std::string(pattern);
    }

    std::string_view line_of_block() {
        std::string_view line;
        if (!next(line)) fail(fmt::format("the rule of line {} has no '}}'", block_));
        return line;
    }

    void parse_block() {
        SuppressionRule rule;
        rule.origin = here();
        block_ = number_;
        rule.text = std::string(line_of_block());
        const std::string_view kind = line_of_block();
        const size_t colon = kind.find(':');
        if (colon == std::string_view::npos)
            fail("the tool and kind, such as Memcheck:Leak, are expected");
        const bool used = kind.substr(0, colon).find("Memcheck") != std::string_view::npos &&
                          kind.substr(colon + 1) == "Leak";
        for (std::string_view line = line_of_block(); line != "}"; line = line_of_block())
            if (used) parse_frame(line, rule);
        if (!used) return;
        if (rule.frames.empty()) fail("the rule has no frames");
        rules_.push_back(std::move(rule));
    }

    void parse_frame(std::string_view line, SuppressionRule& rule) {
        using Kind = FrameRule::Kind;
        const auto add = [&](Kind kind, size_t prefix) {
            rule.frames.push_back({kind, pattern_behind(line, prefix)});
        };
        if (line == "...")
            rule.frames.push_back({});
        else if (line.starts_with("fun:"))
            add(Kind::function, 4);
        else if (line.starts_with("obj:"))
            add(Kind::module, 4);
        else if (line.starts_with("src:"))
            add(Kind::source, 4);
        else if (!line.starts_with("match-leak-kinds:"))
            fail(fmt::format("'{}' is none of fun:, obj:, src: and ...", line));
    }

    std::string here() const { return fmt::format("{}:{}", file_, number_); }
    [[noreturn]] void fail(const std::string& what) const {
        throw UsageFailure(fmt::format("{}: {}", here(), what));
    }

    std::string_view rest_;
    const std::string& file_;
    size_t number_ = 0;
    size_t block_ = 0;  // the line of the block that is being read
    std::vector<SuppressionRule> rules_;
};

}  // namespace

std::vector<SuppressionRule> parse_suppressions(std::string_view text, const std::string& file) {
    return Parser(text, file).parse();
}

}  // namespace heapdrift::model
