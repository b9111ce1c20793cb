#include "analyzer/model/suppression.h"

#include <fmt/format.h>

#include <algorithm>

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

bool stack_matches(const std::vector<FrameRule>& rules, size_t rule,
                   const std::vector<Frame>& frames, size_t frame) {
    for (; rule < rules.size(); ++rule, ++frame) {
        if (rules[rule].kind == FrameRule::Kind::any_frames) {
            while (rule + 1 < rules.size() && rules[rule + 1].kind == FrameRule::Kind::any_frames)
                ++rule;
            if (rule + 1 == rules.size()) return true;
            for (size_t from = frame; from < frames.size(); ++from)
                if (frame_matches(rules[rule + 1], frames[from]) &&
                    stack_matches(rules, rule + 1, frames, from))
                    return true;
            return false;
        }
        if (frame >= frames.size() || !frame_matches(rules[rule], frames[frame])) return false;
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
    if (stack_matches(rule.frames, 0, frames, 0)) return true;
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
    return stack_matches(rule.frames, 1, frames, 0) ||
           stack_matches(rule.frames, 1, {first, frames.end()}, 0);
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
