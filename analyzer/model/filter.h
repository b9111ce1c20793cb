// Which sites a report is about.
#pragma once

#include <regex.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/model/place.h"

namespace heapdrift::model {

// A POSIX extended regular expression. Throws UsageFailure when it does not compile.
class Pattern {
public:
    explicit Pattern(const std::string& expression);
    bool matches(const std::string& text) const;

private:
    struct Free {
        void operator()(regex_t* compiled) const;
    };
    std::unique_ptr<regex_t, Free> compiled_;
};

struct Filter {
    std::optional<Pattern> focus;   // keep stacks in which some frame matches
    std::optional<Pattern> ignore;  // then drop stacks in which some frame matches
    // File name patterns as a shell's. As in tracemalloc: several `include` are alternatives, one
    // matching `exclude` drops; only the allocating frame is looked at unless all_frames.
    std::vector<std::string> include;
    std::vector<std::string> exclude;
    bool all_frames = false;
    std::vector<Domain> domains;  // empty: all

    // Whether only domains were chosen that are no part of totals.
    bool outside_totals() const;
    bool empty() const {
        return !focus && !ignore && include.empty() && exclude.empty() && domains.empty();
    }
};

// Removes what the filter does not keep. Totals of the profile are then those of what is kept.
void apply(const Filter& filter, Profile& profile);

}  // namespace heapdrift::model
