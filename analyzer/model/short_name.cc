#include "analyzer/model/short_name.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

namespace heapdrift::model {

namespace {

// Longer argument lists lose first the lists inside them, then all.
constexpr size_t kLongestList = 40;
// A made-up name must not exhaust the stack.
constexpr int kDeepest = 100;
constexpr const char* kLeftOut = "<…>";

constexpr std::array<std::string_view, 6> kDefaultArguments = {
    "std::allocator", "std::char_traits", "std::default_delete",
    "std::less",      "std::hash",        "std::equal_to"};
// Inline namespaces of the standard libraries.
constexpr std::array<std::string_view, 3> kInlineNamespaces = {"__cxx11::", "__1::", "_V2::"};
constexpr std::array<std::string_view, 8> kSymbolOperators = {"<=>", "<<=", ">>=", "->*",
                                                              "<<",  ">>",  "->",  "<="};

// Of operators; brackets are looked at one by one.
constexpr std::string_view kSigns = "+-*/%^&|~!=,";

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' ||
           static_cast<unsigned char>(c) >= 0x80;
}

// A piece of a name, once with its template arguments, as short as they may be, once without.
struct Text {
    std::string full;
    std::string bare;

    void add(std::string_view text) {
        full += text;
        bare += text;
    }
};

class Shortener {
public:
    explicit Shortener(std::string_view name) : rest_(name) {}

    // "" where brackets do not match.
    std::string shorten() {
        const Text text = sequence("");
        return failed_ || !rest_.empty() ? "" : text.full;
    }

private:
    // Up to one of `ends`, which is left.
    Text sequence(std::string_view ends) {
        Text text;
        if (++depth_ > kDeepest) failed_ = true;
        while (!failed_ && !rest_.empty() && ends.find(rest_.front()) == std::string_view::npos) {
            const char c = rest_.front();
            if (is_word(c))
                word(text);
            else if (c == '<' && !text.full.empty() && is_word(text.full.back()))
                arguments(text);
            else if (c == '<' || c == '(' || c == '[' || c == '{')
                group(text, c);
            else if (c == '>' || c == ')' || c == ']' || c == '}')
                failed_ = true;
            else
                take(text, 1);
        }
        --depth_;
        return text;
    }

    void take(Text& text, size_t size) {
        text.add(rest_.substr(0, size));
        rest_.remove_prefix(size);
    }

    void word(Text& text) {
        const auto end = std::ranges::find_if_not(rest_, is_word);
        const std::string_view word = rest_.substr(0, static_cast<size_t>(end - rest_.begin()));
        if (word == "operator") {
            take(text, word.size());
            symbol(text);
            return;
        }
        if (text.full.ends_with("std::"))
            for (const std::string_view name : kInlineNamespaces)
                if (rest_.starts_with(name)) {
                    rest_.remove_prefix(name.size());
                    return;
                }
        take(text, word.size());
    }

    // What stands behind "operator" and is no bracket, though it may look like one; and its list.
    void symbol(Text& text) {
        const auto known = std::ranges::find_if(
            kSymbolOperators, [&](std::string_view name) { return rest_.starts_with(name); });
        if (known != kSymbolOperators.end())
            take(text, known->size());
        else if (rest_.starts_with("()") || rest_.starts_with("[]"))
            take(text, 2);
        else if (rest_.starts_with('<') || rest_.starts_with('>'))
            take(text, 1);
        else
            take(text, std::min(rest_.find_first_not_of(kSigns), rest_.size()));
        if (rest_.starts_with(" <")) take(text, 1);
        if (rest_.starts_with('<')) arguments(text);
    }

    void group(Text& text, char open) {
        const char close = open == '<' ? '>' : open == '(' ? ')' : open == '[' ? ']' : '}';
        take(text, 1);
        const Text inside = sequence(std::string_view(&close, 1));
        text.full += inside.full;
        text.bare += inside.bare;
        if (rest_.empty()) failed_ = true;
        if (!failed_) take(text, 1);
    }

    // From '<' on, the list and its end.
    void arguments(Text& text) {
        std::vector<Text> list;
        rest_.remove_prefix(1);
        while (!failed_) {
            list.push_back(sequence(",>"));
            trim(list.back());
            if (rest_.empty()) failed_ = true;
            if (failed_) return;
            const bool last = rest_.front() == '>';
            rest_.remove_prefix(1);
            if (last) break;
        }
        const bool standard = last_name(text.full).starts_with("std::");
        while (standard && list.size() > 1 && is_default(list.back().full)) list.pop_back();
        if (name_string(text, list)) return;
        text.full += shortest(list);
        text.bare += kLeftOut;
    }

    static void trim(Text& text) {
        for (std::string* each : {&text.full, &text.bare}) {
            each->erase(0, each->find_first_not_of(' '));
            each->erase(each->find_last_not_of(' ') + 1);
        }
    }

    // The qualified name that a text ends with.
    static std::string_view last_name(std::string_view text) {
        while (!text.empty() && (kSigns.find(text.back()) != std::string_view::npos ||
                                 text.ends_with('<') || text.ends_with(' ')))
            text.remove_suffix(1);
        size_t begin = text.size();
        while (begin > 0 && (is_word(text[begin - 1]) || text[begin - 1] == ':')) --begin;
        return text.substr(begin);
    }

    static bool is_default(std::string_view argument) {
        return std::ranges::any_of(kDefaultArguments, [&](std::string_view name) {
            return argument.starts_with(name) && argument.substr(name.size()).starts_with('<');
        });
    }

    // std::basic_string<char> and the like.
    static bool name_string(Text& text, const std::vector<Text>& list) {
        if (list.size() != 1 || list.front().full != "char") return false;
        for (const std::string_view kind : {"std::basic_string", "std::basic_string_view"}) {
            if (last_name(text.full) != kind) continue;
            const std::string_view name = kind.substr(std::string_view("std::basic_").size());
            for (std::string* each : {&text.full, &text.bare}) {
                each->erase(each->size() - (name.size() + std::string_view("basic_").size()));
                *each += name;
            }
            return true;
        }
        return false;
    }

    static std::string shortest(const std::vector<Text>& list) {
        std::string full;
        std::string bare;
        for (const Text& argument : list) {
            full += (full.empty() ? "" : ", ") + argument.full;
            bare += (bare.empty() ? "" : ", ") + argument.bare;
        }
        if (full.size() <= kLongestList) return '<' + full + '>';
        return bare.size() <= kLongestList ? '<' + bare + '>' : kLeftOut;
    }

    std::string_view rest_;
    int depth_ = 0;
    bool failed_ = false;
};

}  // namespace

std::string shorten_templates(std::string_view name) {
    if (name.find('<') == std::string_view::npos) return std::string(name);
    std::string text = Shortener(name).shorten();
    return text.empty() ? std::string(name) : text;
}

}  // namespace heapdrift::model
