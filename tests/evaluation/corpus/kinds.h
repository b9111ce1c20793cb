// The kinds of programs. Each is a function that does the work of one round; what it keeps from
// round to round is in static variables, because a process runs one kind.
#pragma once

#include <span>

#include "tests/evaluation/corpus/run.h"

namespace heapdrift::corpus {

enum class Truth {
    lost,    // blocks that nothing leads to any more
    growth,  // ever more blocks, or bytes, that something still leads to
    none,
};

struct Kind {
    const char* name;
    Truth truth;
    // The functions that allocate what leaks, divided by spaces; "" where nothing does.
    const char* sites;
    void (*work)(Run& run);
};

std::span<const Kind> lost_blocks();
std::span<const Kind> lost_objects();
std::span<const Kind> lost_in_threads();
std::span<const Kind> growing_containers();
std::span<const Kind> growing_requests();
std::span<const Kind> growing_buffers();
std::span<const Kind> bounded_caches();
std::span<const Kind> passing_load();
std::span<const Kind> filled_once();
std::span<const Kind> reused_memory();
std::span<const Kind> hard_to_reach();

// What every program does besides: it must not be called a leak either.
void work_in_background(Run& run);

}  // namespace heapdrift::corpus
