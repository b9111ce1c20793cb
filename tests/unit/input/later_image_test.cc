#include "analyzer/input/later_image.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <string>

#include "tests/unit/support/session_builder.h"

namespace heapdrift::input {
namespace {

using testing::SessionBuilder;

class LaterImage : public ::testing::Test {
protected:
    void SetUp() override {
        directory_ = ::testing::TempDir() + "heapdrift.XXXXXX";
        ASSERT_NE(mkdtemp(directory_.data()), nullptr);
        std::ofstream(directory_ + "/other") << std::string(kSegmentSize, 'x');
        first_.path = directory_ + "/env.4711";
        first_.pid = 4711;
        first_.process_start_ticks = 100;
        first_.started_realtime_ns = 1000;
        first_.ending = model::Ending::killed;
        write("env.4711", 4711, 100, 1000);
    }
    void write(const std::string& name, uint32_t pid, uint64_t ticks, uint64_t started) const {
        SessionBuilder session;
        session.header().identity.pid = pid;
        session.header().identity.process_start_ticks = ticks;
        session.header().identity.started_realtime_ns = started;
        session.write(directory_ + "/" + name);
    }
    model::Ending ending() const {
        model::SessionInfo session = first_;
        recognize_exec(session);
        return session.ending;
    }

    std::string directory_;
    model::SessionInfo first_;
};

TEST_F(LaterImage, ASessionThatFollowedInTheSameProcessMeansExec) {
    EXPECT_EQ(ending(), model::Ending::killed);
    write("server", 4711, 100, 2000);
    EXPECT_EQ(ending(), model::Ending::exec);
}

TEST_F(LaterImage, OtherProcessesAndEarlierImagesDoNot) {
    write("other-pid", 4712, 100, 2000);
    write("reused-pid", 4711, 101, 2000);
    write("earlier", 4711, 100, 500);
    EXPECT_EQ(ending(), model::Ending::killed);
}

TEST_F(LaterImage, WhatWasNotedStays) {
    write("server", 4711, 100, 2000);
    first_.ending = model::Ending::signal;
    EXPECT_EQ(ending(), model::Ending::signal);
}

}  // namespace
}  // namespace heapdrift::input
