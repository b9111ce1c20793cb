// Rules that say which sites are known and not to be reported, in the syntax of LeakSanitizer
//
//   leak:PATTERN          a frame's function, file or module has PATTERN in it; * is any text, ^
//   and $
//                         bind it to the beginning and the end
//
// and of valgrind
//
//   {
//      name
//      Memcheck:Leak      only such rules count; those of other tools and kinds are passed over
//      match-leak-kinds: definite         read and not used: it is about memcheck's kinds
//      fun:operator new*  a function, from the innermost frame on; * and ? are wildcards
//      obj:*/libfoo.so*   a module's path
//      src:cache.cc:42    a file, with its line or without
//      ...                any number of frames
//   }
//
// Frames further out than a rule's last line may be any, as in valgrind.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analyzer/model/place.h"

namespace heapdrift::model {

struct FrameRule {
    enum class Kind { any_frames, function, module, source };
    Kind kind = Kind::any_frames;
    std::string pattern;
};

enum class RuleSource {
    file,
    program,   // its __lsan_default_suppressions
    built_in,  // model/built_in_suppressions.h
};

struct SuppressionRule {
    std::string text;    // as a reader knows it: the line, or valgrind's name
    std::string origin;  // "file:line"; of a built-in one why it is there
    RuleSource source = RuleSource::file;
    bool anywhere = false;  // LeakSanitizer's: `pattern` in any frame
    std::string pattern;
    std::vector<FrameRule> frames;  // valgrind's
    uint64_t hits = 0;              // sites
    uint64_t live_bytes = 0;        // of them

    // Of a built-in rule only hits are told: nobody asked for it.
    bool told() const { return hits > 0 || source != RuleSource::built_in; }
};

// All rules that apply, in the order in which they are asked.
struct Suppressions {
    std::vector<SuppressionRule> rules;
    std::vector<std::string> notes;  // rules that could not be read, and why

    // Whether a rule names the stack; counts the hit for the first that does.
    bool take(const std::vector<Frame>& frames, uint64_t live_bytes);
};

// Both syntaxes may stand in one file; # begins a comment. Throws UsageFailure that names the line.
std::vector<SuppressionRule> parse_suppressions(std::string_view text, const std::string& file);

bool matches(const SuppressionRule& rule, const std::vector<Frame>& frames);

// Whether text matches; * is any text, and ? one character where `question` says so.
bool matches_wildcards(std::string_view pattern, std::string_view text, bool question);

// The rule that a user can write down for a stack: its three innermost named frames.
std::string lsan_rule(const std::vector<Frame>& frames);
std::string valgrind_rule(const std::vector<Frame>& frames, const std::string& name);

}  // namespace heapdrift::model
