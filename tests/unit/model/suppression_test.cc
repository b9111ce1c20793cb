#include "analyzer/model/suppression.h"

#include <gtest/gtest.h>

#include "analyzer/model/built_in_suppressions.h"
#include "analyzer/model/failure.h"

namespace heapdrift::model {
namespace {

const std::vector<Frame> kStack = {
    {.function = "operator new(unsigned long)", .file = "", .module = "/usr/lib/libstdc++.so.6"},
    {.function = "app::cache_put(int, char const*)",
     .file = "/src/cache.cc",
     .line = 42,
     .module = "/usr/bin/server"},
    {.function = "serve", .file = "/src/main.cc", .line = 7, .module = "/usr/bin/server"},
    {.function = "main", .file = "/src/main.cc", .line = 9, .module = "/usr/bin/server"},
};

bool suppressed(const std::string& rules) {
    const std::vector<SuppressionRule> parsed = parse_suppressions(rules, "rules");
    EXPECT_EQ(parsed.size(), 1u);
    return matches(parsed.at(0), kStack);
}

std::string block(const std::string& frames) {
    return "{\n  known\n  Memcheck:Leak\n  match-leak-kinds: definite\n" + frames + "\n}\n";
}

TEST(Suppression, LeakSanitizersPatternsMatchFunctionFileAndModule) {
    EXPECT_TRUE(suppressed("leak:cache_put"));
    EXPECT_TRUE(suppressed("# known\nleak:/src/cache.cc"));
    EXPECT_TRUE(suppressed("leak:libstdc++"));
    EXPECT_TRUE(suppressed("leak:cache*char"));
    EXPECT_TRUE(suppressed("leak:^serve$"));
    EXPECT_FALSE(suppressed("leak:^cache_put"));
    EXPECT_FALSE(suppressed("leak:serv$"));
    EXPECT_FALSE(suppressed("leak:cache_get"));
}

TEST(Suppression, ValgrindsFramesMatchFromTheInnermostOn) {
    EXPECT_TRUE(suppressed(block("fun:operator new*\nfun:app::cache_put\nfun:serve")));
    EXPECT_TRUE(suppressed(block("...\nfun:serve")));
    EXPECT_TRUE(suppressed(block("...\nobj:*/server\nfun:main")));
    EXPECT_TRUE(suppressed(block("...\nsrc:cache.cc:42")));
    EXPECT_TRUE(suppressed(block("...\nsrc:/src/cache.cc")));
    EXPECT_TRUE(suppressed(block("fun:_Znwm\nfun:app::cache_?ut")));
    EXPECT_TRUE(suppressed(block("fun:malloc\nfun:app::cache_put*")))
        << "memcheck's stacks begin in the allocator";
    EXPECT_FALSE(suppressed(block("fun:app::cache_put")));
    EXPECT_FALSE(suppressed(block("...\nfun:main\nfun:serve")));
    EXPECT_FALSE(suppressed(block("...\nsrc:cache.cc:43")));
}

TEST(Suppression, RulesOfOtherToolsArePassedOver) {
    EXPECT_TRUE(parse_suppressions("race:serve\n{\n  a\n  Helgrind:Race\n  fun:f\n}\n"
                                   "{\n  b\n  Memcheck:Cond\n  fun:f\n}\n",
                                   "rules")
                    .empty());
}

TEST(Suppression, MistakesAreRefusedByLineAndExpectation) {
    const std::pair<const char*, const char*> kCases[] = {
        {"leak:a\nnonsense", "rules:2: 'leak:PATTERN' or '{' is expected"},
        {"# all\n\nleak: ", "rules:3: a pattern is expected behind 'leak:'"},
        {"leak:a\n{\n a\n Memcheck:Leak\n fun:f\n", "rules:5: the rule of line 2 has no '}'"},
        {"{", "rules:1: the rule of line 1 has no '}'"},
        {"{\n a\n Memcheck\n fun:f\n}", "rules:3: the tool and kind, such as Memcheck:Leak"},
        {"{\n a\n Memcheck:Leak\n fan:f\n}", "rules:4: 'fan:f' is none of fun:, obj:, src: and"},
        {"{\n a\n Memcheck:Leak\n ...\n fun:\n}", "rules:5: a pattern is expected behind 'fun:'"},
        {"{\n a\n Memcheck:Leak\n}", "rules:4: the rule has no frames"},
    };
    for (const auto& [rules, message] : kCases) {
        try {
            parse_suppressions(rules, "rules");
            ADD_FAILURE() << "accepted: " << rules;
        } catch (const UsageFailure& failure) {
            EXPECT_EQ(std::string(failure.what()).substr(0, std::string_view(message).size()),
                      message)
                << rules;
        }
    }
}

// Each "..." could be tried at each frame: with a few of them that would take years.
TEST(Suppression, ManyGapsInADeepStackAreSoonTried) {
    std::string rule = "{\n deep\n Memcheck:Leak\n";
    for (int i = 0; i < 20; ++i) rule += " ...\n fun:again\n";
    rule += " ...\n fun:never\n}\n";
    Frame again;
    again.function = "again";
    const std::vector<Frame> deep(1000, again);
    EXPECT_FALSE(matches(parse_suppressions(rule, "rules").at(0), deep));
}

TEST(Suppression, WrittenRulesMatchTheirStack) {
    EXPECT_TRUE(suppressed(lsan_rule(kStack)));
    EXPECT_TRUE(suppressed(valgrind_rule(kStack, "known")));
    EXPECT_EQ(lsan_rule(kStack), "leak:^app::cache_put(int, char const*)$");
    EXPECT_EQ(lsan_rule({}), "");
}

TEST(Suppression, Wildcards) {
    EXPECT_TRUE(matches_wildcards("a*b*c", "axxbyyc", false));
    EXPECT_FALSE(matches_wildcards("a*b*c", "axxbyy", false));
    EXPECT_TRUE(matches_wildcards("a?c", "abc", true));
    EXPECT_FALSE(matches_wildcards("a?c", "abc", false));
    EXPECT_TRUE(matches_wildcards("**", "", false));
}

std::vector<Frame> stack_of(const std::string& function) {
    Frame frame;
    frame.function = function;
    return {frame};
}

TEST(Suppressions, FirstRuleThatNamesAStackCountsIt) {
    Suppressions suppressions{.rules = parse_suppressions("leak:load\nleak:cache\n", "f"),
                              .notes = {}};
    EXPECT_TRUE(suppressions.take(stack_of("load_cache"), 100));
    EXPECT_TRUE(suppressions.take(stack_of("cache_put"), 20));
    EXPECT_FALSE(suppressions.take(stack_of("main"), 3));
    EXPECT_EQ(suppressions.rules[0].hits, 1u);
    EXPECT_EQ(suppressions.rules[0].live_bytes, 100u);
    EXPECT_EQ(suppressions.rules[1].hits, 1u);
}

TEST(Suppressions, BuiltInRulesAreToldWhenTheyHit) {
    Suppressions suppressions{.rules = built_in_suppressions(), .notes = {}};
    ASSERT_FALSE(suppressions.rules.empty());
    for (const SuppressionRule& rule : suppressions.rules) {
        EXPECT_EQ(rule.source, RuleSource::built_in);
        EXPECT_NE(rule.origin, "");
        EXPECT_FALSE(rule.told());
    }
    EXPECT_TRUE(suppressions.take(stack_of("_dl_find_object_update"), 2304));
    EXPECT_TRUE(suppressions.rules[0].told());
    EXPECT_FALSE(suppressions.take(stack_of("my_dl_find_object_update"), 1));
}

}  // namespace
}  // namespace heapdrift::model
