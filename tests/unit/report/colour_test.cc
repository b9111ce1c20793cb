#include "analyzer/report/colour.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace heapdrift::report {
namespace {

class Colour : public ::testing::Test {
protected:
    void SetUp() override {
        for (const char* name : {"NO_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "TERM"}) unsetenv(name);
    }
    static void set(const char* name, const char* value) { setenv(name, value, 1); }
    static bool automatic() { return wants_colour(ColourMode::automatic, -1); }
};

TEST_F(Colour, TheOptionWinsOverTheEnvironment) {
    set("NO_COLOR", "1");
    EXPECT_TRUE(wants_colour(ColourMode::always, -1));
    unsetenv("NO_COLOR");
    set("CLICOLOR_FORCE", "1");
    EXPECT_FALSE(wants_colour(ColourMode::never, -1));
}

TEST_F(Colour, NoColorWinsOverForceAndEmptyMeansUnset) {
    EXPECT_FALSE(automatic());
    set("CLICOLOR_FORCE", "0");
    EXPECT_FALSE(automatic());
    set("CLICOLOR_FORCE", "1");
    EXPECT_TRUE(automatic());
    set("NO_COLOR", "");
    EXPECT_TRUE(automatic());
    set("NO_COLOR", "1");
    EXPECT_FALSE(automatic());
}

TEST_F(Colour, PaintsOnlyWhenEnabled) {
    EXPECT_EQ(Palette(false).strong("x"), "x");
    EXPECT_EQ(Palette(true).strong("x"), "\x1b[1mx\x1b[0m");
}

}  // namespace
}  // namespace heapdrift::report
