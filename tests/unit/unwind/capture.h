// Captures the stack of its caller twice: by the walk under test and by libunwind. No memory is
// allocated and nothing is reported: it runs in signal handlers.
#pragma once

#include <cstdint>
#include <string>

#include "preload/unwind/stack_walk.h"

namespace heapdrift {

struct Capture {
    static constexpr uint32_t kLimit = 4096;

    uint32_t count = 0;
    StackEnd end = StackEnd::complete;
    Frame frames[kLimit];
    uint32_t reference_count = 0;
    uint64_t reference[kLimit];

    bool same_as_reference() const;
    // The walk is right as far as it goes.
    bool begins_like_reference() const;
    // Both stacks side by side, with modules and symbols.
    std::string text() const;
};

void capture(Capture& into);

// The walk alone, for stacks that libunwind does not survive.
void capture_walk_only(Capture& into);

// A large object of which there is one; the tests fill it one after another.
extern Capture captured;

#define EXPECT_SAME_AS_REFERENCE(capture)                                 \
    do {                                                                  \
        EXPECT_TRUE((capture).same_as_reference()) << (capture).text();   \
        EXPECT_EQ((capture).end, StackEnd::complete) << (capture).text(); \
    } while (false)

}  // namespace heapdrift
