// The same for Catch2: listeners/heapdrift_catch2.h.
#if __has_include(<catch2/catch.hpp>)
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#else
#include <catch2/catch_test_macros.hpp>
#endif
#include <cstdlib>
#include <string>
#include <vector>

#include "listeners/heapdrift_catch2.h"

static void* hidden;
extern "C" __attribute__((noipa)) void lose_two_blocks() {
    hidden = std::malloc(123);
    hidden = std::malloc(7);
}

TEST_CASE("is_clean") {
    const std::vector<std::string> strings(100, "a string that is longer than the buffer of one");
    CHECK(strings.size() == 100);
    INFO("a message that is longer than the buffer of a string");
    CAPTURE(strings.size());
    REQUIRE(strings[3].size() > 30);
    CHECK_THROWS(throw 1);
}

TEST_CASE("is_clean_with_a_long_message") {
    const std::string text(200'000, 'x');
    INFO("as long as a document: " << text);
    CAPTURE(text);
    CHECK(text.size() == 200'000);
}

TEST_CASE("leaks") {
    lose_two_blocks();
    CHECK(hidden != nullptr);
}

TEST_CASE("leaks_in_a_section") {
    SECTION("which is clean, under a name that is longer than a buffer") {
        SECTION("and inside of it too") {
            CHECK(true);
        }
    }
    SECTION("which leaks") {
        lose_two_blocks();
        CHECK(true);
    }
}

TEST_CASE("leaks_ignored") {
    const heapdrift::IgnoreScope scope;
    lose_two_blocks();
    SUCCEED();
}
