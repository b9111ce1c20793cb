#include "analyzer/input/process_state.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include "analyzer/input/mapped_file.h"
#include "analyzer/model/failure.h"
#include "tests/unit/support/session_builder.h"

namespace heapdrift::input {
namespace {

using testing::SessionBuilder;

// Under heapdrift this process has a session of its own besides those that a test makes.
bool is_recorded() {
    const char* preload = std::getenv("LD_PRELOAD");
    return preload != nullptr && std::strstr(preload, "libheapdrift_preload") != nullptr;
}

class ProcessState : public ::testing::Test {
protected:
    void SetUp() override {
        std::string directory = ::testing::TempDir() + "heapdrift.XXXXXX";
        ASSERT_NE(mkdtemp(directory.data()), nullptr);
        // No name says that a file is a session.
        path_ = directory + "/foo";
        identity().pid = static_cast<uint32_t>(getpid());
        identity().process_start_ticks = process_start_ticks(identity().pid).value_or(0);
        std::strcpy(identity().session_path, path_.c_str());
        session_.write(path_);
    }
    Identity& identity() { return session_.header().identity; }
    model::Ending ending(const MappedFile& file, EndedBy noted = EndedBy::running) {
        return ending_of(identity(), noted, file.device(), file.inode());
    }

    SessionBuilder session_;
    std::string path_;
};

// As the recorder maps its session: shared and writable.
class RecorderMapping {
public:
    explicit RecorderMapping(const std::string& path) {
        const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
        address_ = mmap(nullptr, kSegmentSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
    }
    ~RecorderMapping() { munmap(address_, kSegmentSize); }
    RecorderMapping(const RecorderMapping&) = delete;
    RecorderMapping& operator=(const RecorderMapping&) = delete;
    bool mapped() const { return address_ != MAP_FAILED; }

private:
    void* address_;
};

TEST_F(ProcessState, AProcessThatMapsItsSessionIsRunning) {
    const RecorderMapping recorder(path_);
    ASSERT_TRUE(recorder.mapped());
    const MappedFile file = MappedFile::open(path_);
    EXPECT_EQ(ending(file), model::Ending::running);
    const OpenSession open = open_session_of(identity().pid);
    EXPECT_EQ(open.path, path_);
    close(open.fd);
}

TEST_F(ProcessState, OfSeveralSessionsAProcessOwnsTheOneWithItsPid) {
    if (is_recorded()) GTEST_SKIP() << "this process is recorded itself";
    const std::string inherited = path_ + ".heapdrift.1";
    SessionBuilder parent;
    parent.header().identity.pid = 1;
    parent.write(inherited);
    const std::string foreign = path_ + ".heapdrift";
    std::ofstream(foreign) << std::string(kSegmentSize, 'x');
    const RecorderMapping first(foreign);
    const RecorderMapping second(inherited);
    OpenSession open = open_session_of(identity().pid);
    EXPECT_EQ(open.path, inherited);
    close(open.fd);
    const RecorderMapping third(path_);
    open = open_session_of(identity().pid);
    EXPECT_EQ(open.path, path_);
    close(open.fd);
}

TEST_F(ProcessState, AReaderOfASessionIsNotRecorded) {
    if (is_recorded()) GTEST_SKIP() << "this process is recorded itself";
    const MappedFile file = MappedFile::open(path_);
    EXPECT_THROW(open_session_of(identity().pid), Failure);
}

TEST_F(ProcessState, AProcessThatMapsItNoMoreHasExecuted) {
    if (is_recorded()) GTEST_SKIP() << "this process is recorded itself";
    dev_t device;
    ino_t inode;
    {
        const MappedFile file = MappedFile::open(path_);
        device = file.device();
        inode = file.inode();
    }
    EXPECT_EQ(ending_of(identity(), EndedBy::running, device, inode), model::Ending::exec);
    EXPECT_THROW(open_session_of(identity().pid), Failure);
}

TEST_F(ProcessState, AReusedPidOrAZombieIsNotTheProcess) {
    const MappedFile file = MappedFile::open(path_);
    ++identity().process_start_ticks;
    EXPECT_EQ(ending(file), model::Ending::killed);
    const pid_t child = fork();
    if (child == 0) _exit(0);
    siginfo_t info;
    waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
    EXPECT_EQ(process_start_ticks(static_cast<uint32_t>(child)), std::nullopt);
    waitpid(child, nullptr, 0);
}

TEST_F(ProcessState, WhatWasNotedCounts) {
    const MappedFile file = MappedFile::open(path_);
    EXPECT_EQ(ending(file, EndedBy::exit), model::Ending::exit);
    EXPECT_EQ(ending(file, EndedBy::exec), model::Ending::exec);
    EXPECT_EQ(ending(file, EndedBy::signal), model::Ending::signal);
}

TEST(MappedFile, RefusesWhatIsNoFile) {
    EXPECT_THROW(MappedFile::open("/nonexistent/x"), Failure);
    EXPECT_THROW(MappedFile::open("/tmp"), Failure);
    EXPECT_THROW(MappedFile::open("/dev/null"), Failure);
}

}  // namespace
}  // namespace heapdrift::input
