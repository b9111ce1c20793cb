/* Fails each test case of Catch2 (version 2) whose own allocations are still live at its end,
 * with their stacks. Include it in one source file of the tests, behind Catch2's own header:
 *
 *     #include <catch2/catch.hpp>
 *     #include <heapdrift_catch2.h>
 *
 * and run them under `heapdrift run` or `heapdrift check`; without the recorder nothing is checked.
 * Link with -rdynamic (CMake: ENABLE_EXPORTS): what Catch2 allocates for itself is told apart by
 * the names of its functions. Counted is what the test's own thread allocates in each run through
 * the test case, sections and all. What a test may leave behind, it allocates under a
 * heapdrift::IgnoreScope. */
#ifndef HEAPDRIFT_CATCH2_H
#define HEAPDRIFT_CATCH2_H

#include <optional>
#include <string>

#include "heapdrift_leaks.h"

namespace heapdrift {

/* Whether the first function that is not of the language is Catch2's. */
inline bool is_catch2s(const std::vector<std::string>& frames) {
    for (const std::string& frame : frames) {
        if (frame.find("Catch::") != std::string::npos) return true;
        if (frame.compare(0, 12, "operator new") != 0 && frame.find("std::") == std::string::npos &&
            frame.find("__gnu_cxx::") == std::string::npos &&
            frame.find("libstdc++") == std::string::npos)
            return false;
    }
    return false;
}

/* Catch2 runs a test case anew for each of its sections, and the outermost section stands for such
 * a run: when it ends, a check can still fail. */
class CatchLeakListener : public Catch::TestEventListenerBase {
public:
    using Catch::TestEventListenerBase::TestEventListenerBase;

    /* The streams of messages are kept and used again, with the memory that the first test with a
     * message gave them: they get it before any test. */
    void testRunStarting(const Catch::TestRunInfo&) override {
        const std::string text(8192, ' ');
        Catch::ReusableStringStream streams[16];
        for (Catch::ReusableStringStream& each : streams) each << text;
    }

    void sectionStarting(const Catch::SectionInfo&) override {
        if (depth_++ == 0) mark_.emplace();
    }
    void sectionEnded(const Catch::SectionStats& stats) override {
        if (--depth_ != 0 || !mark_) return;
        /* A run that failed has left early, and Catch2 keeps what it printed of it. */
        const std::string leaks =
            stats.assertions.failed == 0 ? leaks_text(*mark_, is_catch2s) : "";
        mark_.reset();
        if (!leaks.empty()) FAIL_CHECK(leaks);
    }

private:
    int depth_ = 0;
    std::optional<Mark> mark_;
};

/* The macro makes a name of the class's, which must be a plain one. */
CATCH_REGISTER_LISTENER(CatchLeakListener)

}  // namespace heapdrift

#endif
