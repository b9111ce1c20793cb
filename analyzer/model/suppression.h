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

struct SuppressionRule {
    std::string text;       // as a reader knows it: the line, or valgrind's name
    std::string origin;     // "file:line"
    bool anywhere = false;  // LeakSanitizer's: `pattern` in any frame
    std::string pattern;
    std::vector<FrameRule> frames;  // valgrind's
    uint64_t hits = 0;              // sites
    uint64_t live_bytes = 0;        // of them
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
