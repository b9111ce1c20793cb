#include "analyzer/model/suppression.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "analyzer/model/allocator_wrapper.h"

namespace heapdrift::model {

namespace {

// "f(int)" is written "f" in most rules. The template arguments stay: they may hold brackets.
std::string_view without_parameters(std::string_view function) {
    if (!function.ends_with(')') && !function.ends_with(") const")) return function;
    size_t depth = 0;
    for (size_t i = function.rfind(')') + 1; i-- > 0;) {
        if (function[i] == ')') ++depth;
        if (function[i] == '(' && --depth == 0) return i == 0 ? function : function.substr(0, i);
    }
    return function;
}

bool function_matches(const std::string& pattern, const std::string& function) {
    return matches_wildcards(pattern, function, true) ||
           matches_wildcards(pattern, without_parameters(function), true);
}

bool source_matches(const std::string& pattern, const Frame& frame) {
    const std::string name = frame.file.substr(frame.file.rfind('/') + 1);
    for (const std::string& file : {frame.file, name})
        if (matches_wildcards(pattern, file, true) ||
            matches_wildcards(pattern, fmt::format("{}:{}", file, frame.line), true))
            return true;
    return false;
}

bool frame_matches(const FrameRule& rule, const Frame& frame) {
    switch (rule.kind) {
        case FrameRule::Kind::any_frames:
            return true;
        case FrameRule::Kind::function:
            return !frame.function.empty() && function_matches(rule.pattern, frame.function);
        case FrameRule::Kind::module:
            return !frame.module.empty() && matches_wildcards(rule.pattern, frame.module, true);
        case FrameRule::Kind::source:
            return !frame.file.empty() && source_matches(rule.pattern, frame);
    }
    return false;
}

// Lines up to the next "...", each of one frame.
bool lines_match(std::span<const FrameRule> lines, std::span<const Frame> frames) {
    return lines.size() <= frames.size() &&
           std::ranges::equal(lines, frames.first(lines.size()), frame_matches);
}

// The first place for what follows a "..." is as good as any later one: behind a rule's end all
// frames are allowed. So the time is that of a product, however many "..." there are.
bool stack_matches(std::span<const FrameRule> rules, std::span<const Frame> frames) {
    for (bool anywhere = false; !rules.empty(); anywhere = true) {
        const auto any =
            std::ranges::find(rules, FrameRule::Kind::any_frames, &FrameRule::kind) - rules.begin();
        const auto lines = rules.first(static_cast<size_t>(any));
        while (!lines_match(lines, frames)) {
            if (!anywhere || frames.empty()) return false;
            frames = frames.subspan(1);
        }
        frames = frames.subspan(lines.size());
        rules = rules.subspan(std::min(lines.size() + 1, rules.size()));
    }
    return true;
}

// LeakSanitizer's pattern as one that must match as a whole.
std::string bound_pattern(std::string_view pattern) {
    const bool begin = pattern.starts_with('^');
    const bool end = pattern.ends_with('$');
    if (begin) pattern.remove_prefix(1);
    if (end && !pattern.empty()) pattern.remove_suffix(1);
    return (begin ? "" : "*") + std::string(pattern) + (end ? "" : "*");
}

// malloc and operator new themselves are no frames here: the recorder takes their place.
bool is_replaced(const Frame& frame) {
    return frame.function.empty() ? false : is_allocator_wrapper(frame.function);
}

}  // namespace

bool matches_wildcards(std::string_view pattern, std::string_view text, bool question) {
    size_t p = 0;
    size_t t = 0;
    size_t star = std::string_view::npos;
    size_t after_star = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            after_star = t;
        } else if (p < pattern.size() &&
                   (pattern[p] == text[t] || (question && pattern[p] == '?'))) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++after_star;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

bool matches(const SuppressionRule& rule, const std::vector<Frame>& frames) {
    if (rule.anywhere) {
        const std::string pattern = bound_pattern(rule.pattern);
        return std::ranges::any_of(frames, [&](const Frame& frame) {
            return std::ranges::any_of(
                std::initializer_list<const std::string*>{&frame.function, &frame.file,
                                                          &frame.module},
                [&](const std::string* text) {
                    return !text->empty() && matches_wildcards(pattern, *text, false);
                });
        });
    }
    if (stack_matches(rule.frames, frames)) return true;
    // memcheck's stacks begin in malloc or operator new; ours in their caller, or in one of the
    // two.
    if (rule.frames.empty() || rule.frames[0].kind != FrameRule::Kind::function) return false;
    constexpr const char* kReplaced[] = {
        "malloc",        "calloc",       "realloc",        "memalign", "posix_memalign",
        "aligned_alloc", "operator new", "operator new[]", "_Znwm",    "_Znam"};
    const bool names_allocator = std::ranges::any_of(kReplaced, [&](const char* function) {
        return matches_wildcards(rule.frames[0].pattern, function, true);
    });
    if (!names_allocator) return false;
    const auto first = std::ranges::find_if_not(frames, is_replaced);
    const auto callers = std::span(rule.frames).subspan(1);
    return stack_matches(callers, frames) || stack_matches(callers, {first, frames.end()});
}

bool Suppressions::take(const std::vector<Frame>& frames, uint64_t live_bytes) {
    const auto rule = std::ranges::find_if(
        rules, [&](const SuppressionRule& each) { return matches(each, frames); });
    if (rule == rules.end()) return false;
    ++rule->hits;
    rule->live_bytes += live_bytes;
    return true;
}

std::string lsan_rule(const std::vector<Frame>& frames) {
    for (const Frame& frame : frames)
        if (!frame.function.empty() && !is_replaced(frame))
            return fmt::format("leak:^{}$", frame.function);
    for (const Frame& frame : frames)
        if (!frame.module.empty()) return fmt::format("leak:^{}$", frame.module);
    return "";
}

std::string valgrind_rule(const std::vector<Frame>& frames, const std::string& name) {
    constexpr size_t kFrames = 3;
    std::string rule = fmt::format("{{\n   {}\n   Memcheck:Leak\n", name);
    size_t written = 0;
    if (!frames.empty() && is_replaced(frames.front())) rule += "   ...\n";
    for (const Frame& frame : frames) {
        if (is_replaced(frame)) continue;
        if (written++ == kFrames) break;
        if (!frame.function.empty())
            rule += fmt::format("   fun:{}\n", without_parameters(frame.function));
        else if (!frame.module.empty())
            rule += fmt::format("   obj:{}\n", frame.module);
        else
            rule += "   ...\n";
    }
    return rule + "}";
}

}  // namespace heapdrift::model
