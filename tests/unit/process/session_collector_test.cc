#include "analyzer/process/session_collector.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>

#include "tests/unit/process/temporary_directory.h"
#include "tests/unit/support/session_builder.h"

namespace heapdrift::process {
namespace {

using testing::SessionBuilder;

constexpr uint32_t kRoot = 4711;
constexpr uint64_t kLarge = 100'000;

class Collect : public ::testing::Test {
protected:
    // A session that nobody writes to any more, with its own name and start.
    void session(const std::string& name, uint32_t pid, uint64_t bytes, uint64_t started,
                 EndedBy ended_by = EndedBy::exit) {
        SessionBuilder session;
        Identity& identity = session.header().identity;
        identity.pid = pid;
        identity.process_start_ticks = pid;
        identity.started_realtime_ns = started;
        identity.started_monotonic_ns = started;
        name.copy(identity.program, sizeof identity.program);
        identity.program[name.size()] = '\0';
        session.header().control.ended_by.store(ended_by);
        const uint32_t table = 0;
        session.allocate(table, session.add_stack({0x1000 + bytes}), bytes);
        session.write(place_.file(name + "." + std::to_string(pid) + ".heapdrift"));
    }
    Collected collect(const std::string& name, bool keep_all = false) {
        CollectOptions options;
        options.directory = destination_.path();
        options.name = name;
        options.root_pid = kRoot;
        options.keep_all = keep_all;
        options.symbols = false;
        return collect_sessions(place_.path(), options);
    }
    bool exists(const std::string& name) const {
        return std::filesystem::exists(destination_.file(name));
    }
    uint32_t pid_of(const std::string& name) const {
        return summarize_session(destination_.file(name)).info.pid;
    }

    TemporaryDirectory place_;
    TemporaryDirectory destination_;
};

TEST_F(Collect, KeepsTheRootAndDropsSmallDescendants) {
    session("server", kRoot, 10, 1);
    session("helper", 5000, 10, 2);
    session("worker", 5001, kLarge, 3);
    const Collected collected = collect("F");
    EXPECT_EQ(collected.dropped, 1u);
    EXPECT_EQ(collected.sessions.size(), 2u);
    EXPECT_EQ(pid_of("F"), kRoot);
    EXPECT_EQ(pid_of("F.5001"), 5001u);
    EXPECT_FALSE(exists("F.5000"));
    EXPECT_TRUE(std::filesystem::is_empty(place_.path()));
}

TEST_F(Collect, TheLastImageOfTheRootHasTheName) {
    session("env", kRoot, kLarge, 1, EndedBy::exec);
    session("shell", kRoot, kLarge + 1, 2, EndedBy::exec);
    session("server", kRoot, 10, 3);
    collect("F");
    EXPECT_STREQ(summarize_session(destination_.file("F")).info.program.c_str(), "server");
    EXPECT_TRUE(exists("F.1"));
    EXPECT_TRUE(exists("F.2"));
}

TEST_F(Collect, NeverReplacesAFile) {
    destination_.write("F", "precious");
    session("server", kRoot, 10, 1);
    collect("F");
    EXPECT_EQ(std::filesystem::file_size(destination_.file("F")), 8u);
    EXPECT_EQ(pid_of("F.1"), kRoot);
}

TEST_F(Collect, NamesHaveThePidAndProgramOnRequest) {
    EXPECT_EQ(expand_name("%e-%p.%%", "ls", 7), "ls-7.%");
    EXPECT_TRUE(name_has_pid("%e.%p"));
    EXPECT_FALSE(name_has_pid("%%p"));
    session("server", kRoot, 10, 1);
    session("worker", 5001, kLarge, 2);
    collect("run-%p");
    EXPECT_TRUE(exists("run-4711"));
    EXPECT_TRUE(exists("run-5001"));
}

TEST_F(Collect, WithoutADestinationFilesStay) {
    session("server", kRoot, 10, 1);
    CollectOptions options;
    options.root_pid = kRoot;
    options.symbols = false;
    const Collected collected = collect_sessions(place_.path(), options);
    ASSERT_EQ(collected.sessions.size(), 1u);
    EXPECT_TRUE(collected.problems.empty());
    EXPECT_TRUE(std::filesystem::exists(collected.sessions[0].info.path));
}

TEST_F(Collect, WhatIsNoSessionIsNamedAndLeftAlone) {
    const std::string path = place_.write("text.1.heapdrift", "words");
    const Collected collected = collect("F");
    ASSERT_EQ(collected.problems.size(), 1u);
    EXPECT_NE(collected.problems[0].find(path), std::string::npos);
    EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(Collect, EndsAreNotedWhereTheRecorderCouldNot) {
    session("env", kRoot, 10, 1, EndedBy::running);
    session("server", kRoot, 10, 2, EndedBy::running);
    session("worker", 5001, kLarge, 3, EndedBy::running);
    const KnownEnd known{static_cast<pid_t>(kRoot), EndedBy::signal, SIGSEGV};
    EXPECT_TRUE(note_ends(place_.path(), known));
    EXPECT_FALSE(note_ends(place_.path(), known)) << "noted already";
    const std::vector<SessionSummary> sessions = sessions_in(place_.path());
    ASSERT_EQ(sessions.size(), 3u);
    EXPECT_EQ(sessions[0].info.ending, model::Ending::exec);
    EXPECT_EQ(sessions[1].info.ending, model::Ending::signal);
    EXPECT_EQ(sessions[1].info.exit_status, static_cast<uint32_t>(SIGSEGV));
    EXPECT_EQ(sessions[2].info.ending, model::Ending::killed);
}

}  // namespace
}  // namespace heapdrift::process
