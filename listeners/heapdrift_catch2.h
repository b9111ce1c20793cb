/* Fails each test case of Catch2 (version 2 or 3) whose own allocations are still live at its end,
 * with their stacks. Include it in one source file of the tests; of version 2 behind Catch2's own
 * header, of version 3 without more, or behind catch_amalgamated.hpp:
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

#if !(defined(CATCH_VERSION_MAJOR) && CATCH_VERSION_MAJOR == 2) && \
    !defined(CATCH_AMALGAMATED_HPP_INCLUDED)
#include <catch2/catch_test_macros.hpp>
#include <catch2/catch_version_macros.hpp>
#include <catch2/internal/catch_reusable_string_stream.hpp>
#include <catch2/reporters/catch_reporter_event_listener.hpp>
#include <catch2/reporters/catch_reporter_registrars.hpp>
#endif

#include <array>
#include <optional>
#include <sstream>
#include <string>

#include "heapdrift_leaks.h"

namespace heapdrift {

#if CATCH_VERSION_MAJOR == 2
using CatchListenerBase = Catch::TestEventListenerBase;
#else
using CatchListenerBase = Catch::EventListenerBase;
#endif

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
class CatchLeakListener : public CatchListenerBase {
public:
    using CatchListenerBase::CatchListenerBase;

    /* So that none is made during a test. */
    void testRunStarting(const Catch::TestRunInfo&) override { empty_streams(); }

    void sectionStarting(const Catch::SectionInfo&) override {
        if (depth_++ == 0) mark_.emplace();
    }
    void sectionEnded(const Catch::SectionStats& stats) override {
        if (--depth_ != 0 || !mark_) return;
        empty_streams();
        /* A run that failed has left early, and Catch2 keeps what it printed of it. */
        const std::string leaks =
            stats.assertions.failed == 0 ? leaks_text(*mark_, is_catch2s) : "";
        mark_.reset();
        if (!leaks.empty()) FAIL_CHECK(leaks);
    }

private:
    /* The streams of messages are kept and used again, with the memory that a test's longest
     * message took: it is given back, so that it is no leak of the test's, however long. */
    static void empty_streams() {
        std::array<Catch::ReusableStringStream, 64> streams;
        for (Catch::ReusableStringStream& each : streams)
            if (auto* const text = dynamic_cast<std::ostringstream*>(&each.get()))
                std::ostringstream().swap(*text);
    }

    int depth_ = 0;
    std::optional<Mark> mark_;
};

/* The macro makes a name of the class's, which must be a plain one. */
CATCH_REGISTER_LISTENER(CatchLeakListener)

}  // namespace heapdrift

#endif
