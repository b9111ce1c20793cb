#include "analyzer/process/session_discovery.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>

#include "tests/unit/process/temporary_directory.h"
#include "tests/unit/support/session_builder.h"

namespace heapdrift::process {
namespace {

using testing::SessionBuilder;

class Discover : public ::testing::Test {
protected:
    std::string session(const std::string& name, uint32_t pid, uint64_t started) {
        SessionBuilder session;
        session.header().identity.pid = pid;
        session.header().identity.process_start_ticks = 1;
        session.header().identity.started_realtime_ns = started;
        session.write(place_.file(name));
        return place_.file(name);
    }
    // Those of this test, in the order found: other sessions of the machine may be there too.
    std::vector<std::string> paths(const Discovered& found) const {
        std::vector<std::string> paths;
        for (const SessionSummary& session : found.sessions)
            if (session.info.path.starts_with(place_.path())) paths.push_back(session.info.path);
        return paths;
    }
    TemporaryDirectory place_;
};

TEST_F(Discover, FindsByStartInDirectoriesAndHiddenOnes) {
    const std::string late = session("b.2.heapdrift", 2, 200);
    const std::string early = session("a.1.heapdrift", 1, 100);
    std::filesystem::create_directory(place_.file(".heapdrift-9-abc"));
    const std::string hidden = session(".heapdrift-9-abc/c.3.heapdrift", 3, 300);
    session("named-otherwise", 4, 50);
    EXPECT_EQ(paths(discover_sessions({place_.path()})),
              (std::vector<std::string>{early, late, hidden}));
}

TEST_F(Discover, TakesAFileAsItIsAndOnce) {
    const std::string path = session("any-name", 4, 50);
    EXPECT_EQ(paths(discover_sessions({path, path})), std::vector<std::string>{path});
}

TEST_F(Discover, NamesWhatCannotBeRead) {
    const std::string path = place_.write("x.1.heapdrift", "words");
    const Discovered found = discover_sessions({place_.path()});
    EXPECT_TRUE(std::ranges::any_of(found.problems, [&](const std::string& problem) {
        return problem.find(path) != std::string::npos;
    }));
}

TEST_F(Discover, AnImageThatWasFollowedEndedByExec) {
    session("env.7.heapdrift", 7, 100);
    const std::string last = session("server.7.heapdrift", 7, 200);
    for (const SessionSummary& session : discover_sessions({place_.path()}).sessions) {
        if (!session.info.path.starts_with(place_.path())) continue;
        EXPECT_EQ(session.info.ending,
                  session.info.path == last ? model::Ending::killed : model::Ending::exec);
    }
}

TEST_F(Discover, ADirectoryIsAbandonedWhenNobodyHoldsIt) {
    const std::string hidden = place_.file(".heapdrift-9-abc");
    std::filesystem::create_directory(hidden);
    const auto is_abandoned = [&] {
        const std::vector<std::string> found = abandoned_directories({place_.path()});
        return std::ranges::find(found, hidden) != found.end();
    };
    EXPECT_TRUE(is_abandoned());
    const int fd = open(hidden.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ASSERT_EQ(flock(fd, LOCK_EX), 0);
    EXPECT_FALSE(is_abandoned());
    close(fd);
}

}  // namespace
}  // namespace heapdrift::process
