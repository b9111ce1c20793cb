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

TEST(Suppression, MistakesNameTheLine) {
    const auto message = [](const std::string& rules) -> std::string {
        try {
            parse_suppressions(rules, "rules");
        } catch (const UsageFailure& failure) {
            return failure.what();
        }
        return "";
    };
    EXPECT_NE(message("leak:a\nnonsense").find("rules:2"), std::string::npos);
    EXPECT_NE(message("{\n a\n Memcheck:Leak\n fun:f\n").find("no '}'"), std::string::npos);
    EXPECT_NE(message("{\n a\n Memcheck:Leak\n fan:f\n}").find("rules:4"), std::string::npos);
    EXPECT_NE(message("{\n a\n Memcheck:Leak\n}").find("no frames"), std::string::npos);
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
