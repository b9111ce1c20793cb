#include "analyzer/process/recording_overflow.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "analyzer/process/recording_directory.h"
#include "analyzer/process/session_collector.h"
#include "tests/unit/process/temporary_directory.h"
#include "tests/unit/support/session_builder.h"

namespace heapdrift::process {
namespace {

// Above the kernel's greatest pid: no such process.
constexpr uint32_t kGone = 5'000'000;

class Overflow : public ::testing::Test {
protected:
    void session(const std::string& name, uint32_t pid, EndedBy ended_by, bool root = false) {
        testing::SessionBuilder session;
        session.header().identity.pid = pid;
        session.header().identity.root = root;
        session.header().control.ended_by.store(ended_by);
        session.write(place_.file(name));
    }
    TemporaryDirectory place_;
    TemporaryDirectory disk_;
};

TEST_F(Overflow, MovesFinishedDescendantsOnly) {
    session("a.1.heapdrift", kGone, EndedBy::exit);
    session("b.2.heapdrift", static_cast<uint32_t>(getpid()), EndedBy::exec);
    session("exits.3.heapdrift", static_cast<uint32_t>(getpid()), EndedBy::exit);
    session("runs.4.heapdrift", kGone, EndedBy::running);
    session("root.5.heapdrift", kGone, EndedBy::exit, true);
    place_.write("text.6.heapdrift", "words");
    RecordingOverflow overflow(place_.path(), disk_.path(), 0);
    overflow.relieve();
    const std::string& moved = overflow.directory();
    EXPECT_TRUE(moved.starts_with(disk_.path() + "/.heapdrift-"));
    EXPECT_EQ(session_files_in(moved),
              (std::vector<std::string>{moved + "/a.1.heapdrift", moved + "/b.2.heapdrift"}));
    EXPECT_EQ(session_files_in(place_.path()).size(), 4u);
}

TEST_F(Overflow, DoesNothingWhileThereIsRoomOrNoDisk) {
    session("a.1.heapdrift", kGone, EndedBy::exit);
    RecordingOverflow roomy(place_.path(), disk_.path());
    roomy.relieve();
    RecordingOverflow nowhere(place_.path(), "", 0);
    nowhere.relieve();
    RecordingOverflow missing(place_.path(), disk_.file("missing"), 0);
    missing.relieve();
    EXPECT_EQ(roomy.directory() + nowhere.directory() + missing.directory(), "");
    EXPECT_EQ(session_files_in(place_.path()).size(), 1u);
}

TEST_F(Overflow, IsCollectedWithTheRest) {
    session("a.1.heapdrift", kGone, EndedBy::exit);
    RecordingOverflow overflow(place_.path(), disk_.path(), 0);
    overflow.relieve();
    session("root.5.heapdrift", kGone + 1, EndedBy::exit, true);
    CollectOptions options;
    options.directory = disk_.path();
    options.overflow = overflow.directory();
    options.name = "F";
    options.keep_all = true;
    options.symbols = false;
    const Collected collected = collect_sessions(place_.path(), options);
    EXPECT_EQ(collected.sessions.size(), 2u);
    EXPECT_TRUE(std::filesystem::exists(disk_.file("F")));
    EXPECT_TRUE(std::filesystem::exists(disk_.file("F." + std::to_string(kGone))));
}

}  // namespace
}  // namespace heapdrift::process
