#include "analyzer/model/place.h"

#include <gtest/gtest.h>

#include "tests/unit/support/profile_builder.h"

namespace heapdrift::model {
namespace {

class FrameText : public ::testing::Test {
protected:
    std::string text(const std::vector<std::string>& command_line) {
        testing::ProfileBuilder builder;
        builder.add({"+0x10"}, 1);
        builder.profile.session.program = "/usr/bin/server";
        builder.profile.session.command_line = command_line;
        return frame_text(builder.profile, frames_of_address(builder.profile, 0).front());
    }
};

TEST_F(FrameText, NamesTheProgramAsItWasStarted) {
    EXPECT_EQ(text({}), "server+0x10");
    EXPECT_EQ(text({"/usr/local/bin/server-link", "--port"}), "server-link+0x10");
}

TEST_F(FrameText, DoesNotTakeEveryArgumentZeroForAName) {
    EXPECT_EQ(text({"-server"}), "server+0x10");
    EXPECT_EQ(text({"server: worker 1"}), "server+0x10");
    EXPECT_EQ(text({""}), "server+0x10");
}

}  // namespace
}  // namespace heapdrift::model
