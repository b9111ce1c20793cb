// How old blocks were when they were deallocated, as the recorder counted it.
#pragma once

#include <cstdint>
#include <vector>

#include "core/session_view.h"

namespace heapdrift::input {

// Blocks of one site, born in one generation and deallocated in a later one. Counts and bytes are
// in the units of Counters. Several entries may be alike: they add up.
struct AgedCount {
    uint32_t site = 0;
    uint32_t born = 0;
    uint32_t freed = 0;
    uint64_t deallocations = 0;
    uint64_t deallocated_bytes = 0;
};

// In no order. Complete for every site whose ages_incomplete is 0, and up to every held scheduled
// snapshot: `freed` below its generation. What a recorder that counts on is at is read as it is.
std::vector<AgedCount> aged_deallocations(const SessionView& view);

}  // namespace heapdrift::input
