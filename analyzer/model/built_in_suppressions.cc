#include "analyzer/model/built_in_suppressions.h"

namespace heapdrift::model {

namespace {

struct BuiltIn {
    const char* pattern;
    const char* reason;
};

constexpr BuiltIn kRules[] = {
    {"^_dl_find_object_update$",
     "built in: glibc's table of loaded objects, kept by pointers into its middle"},
};

}  // namespace

std::vector<SuppressionRule> built_in_suppressions() {
    std::vector<SuppressionRule> rules;
    for (const BuiltIn& each : kRules)
        rules.push_back({.text = std::string("leak:") + each.pattern,
                         .origin = each.reason,
                         .source = RuleSource::built_in,
                         .anywhere = true,
                         .pattern = each.pattern,
                         .frames = {}});
    return rules;
}

}  // namespace heapdrift::model
