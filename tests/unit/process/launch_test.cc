#include "analyzer/process/launch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace heapdrift::process {
namespace {

Outcome run_script(const std::string& script) {
    return run_program("/bin/sh", {"sh", "-c", script}, [](pid_t pid) {
        return std::vector<std::string>{"PATH=/usr/bin:/bin", "TOLD=" + std::to_string(pid)};
    });
}

TEST(RunProgram, GivesStatusOrSignal) {
    const Outcome exited = run_script("exit 7");
    EXPECT_FALSE(exited.signalled);
    EXPECT_EQ(exited.exit_code(), 7);
    const Outcome killed = run_script("kill -TERM $$");
    EXPECT_TRUE(killed.signalled);
    EXPECT_EQ(killed.value, SIGTERM);
    EXPECT_EQ(killed.exit_code(), 128 + SIGTERM);
}

TEST(RunProgram, TellsTheEnvironmentThePid) {
    EXPECT_EQ(run_script("[ $TOLD = $$ ]").exit_code(), 0);
}

TEST(RunProgram, ReportsWhatCannotBeStarted) {
    const Outcome outcome = run_program("/nonexistent/program", {"program"},
                                        [](pid_t) { return std::vector<std::string>{}; });
    EXPECT_EQ(outcome.exec_error, ENOENT);
}

TEST(RunProgram, PassesTerminationOnAndTakesUpItsOwnSignalsAgain) {
    const Outcome outcome = run_script("kill -HUP $PPID; sleep 20");
    EXPECT_TRUE(outcome.signalled);
    EXPECT_EQ(outcome.value, SIGHUP);
    struct sigaction action {};
    sigaction(SIGHUP, nullptr, &action);
    EXPECT_EQ(action.sa_handler, SIG_DFL);
    sigaction(SIGINT, nullptr, &action);
    EXPECT_EQ(action.sa_handler, SIG_DFL);
}

TEST(RunProgram, IsNotInterruptedFromTheTerminal) {
    EXPECT_EQ(run_script("kill -INT $PPID; kill -QUIT $PPID; exit 4").exit_code(), 4);
}

}  // namespace
}  // namespace heapdrift::process
