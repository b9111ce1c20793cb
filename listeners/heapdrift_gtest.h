/* Fails each GoogleTest test whose own allocations are still live at its end, with their stacks:
 *
 *     #include <heapdrift_gtest.h>
 *     int main(int argc, char** argv) {
 *         testing::InitGoogleTest(&argc, argv);
 *         heapdrift::fail_tests_that_leak();
 *         return RUN_ALL_TESTS();
 *     }
 *
 * Run it under `heapdrift run` or `heapdrift check`; without the recorder the listener does
 * nothing. Counted is what the test's own thread allocated, from before the fixture is made until
 * after it is gone. What a test may leave behind (a cache that is filled once), it allocates under
 * a heapdrift::IgnoreScope. */
#ifndef HEAPDRIFT_GTEST_H
#define HEAPDRIFT_GTEST_H

#include <gtest/gtest.h>

#include <optional>

#include "heapdrift_leaks.h"

namespace heapdrift {

class GtestLeakListener : public testing::EmptyTestEventListener {
    void OnTestStart(const testing::TestInfo&) override { mark_.emplace(); }
    void OnTestEnd(const testing::TestInfo& info) override {
        if (!mark_) return;
        /* A test that failed or was skipped has left early, and GoogleTest keeps its messages. */
        const bool whole = !info.result()->Failed() && !info.result()->Skipped();
        const std::string leaks = whole ? leaks_text(*mark_) : "";
        mark_.reset();
        if (!leaks.empty()) ADD_FAILURE_AT(info.file(), info.line()) << leaks;
    }

    std::optional<Mark> mark_;
};

/* Listeners hear of ends in reverse order: this one comes last, so that the printers know of the
 * failure when they print the test's result. */
inline void fail_tests_that_leak() {
    testing::UnitTest::GetInstance()->listeners().Append(new GtestLeakListener);
}

}  // namespace heapdrift

#endif
