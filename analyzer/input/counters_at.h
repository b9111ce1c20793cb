// The counters of every site at a snapshot, from the cells and the undo log.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/session_view.h"

namespace heapdrift::input {

// In the place of a snapshot's number: the cells as they are.
inline constexpr uint32_t kCurrent = ~uint32_t{0};

// For each point, the counters by SiteId, summed over all tables.
//
// The rule (core/session_format.h, Cell): a cell's value at snapshot S is that of the undo entry
// of its table and site with since < S <= until, and the cell's own where there is none. A cell
// whose epoch is S or later was touched after S; it has no such entry only if it was zero at S or
// S was no longer held then, so it counts as zero.
//
// Nothing is locked and nobody waits, so a recorder may count on while this reads:
// - A cell's epoch is read before and after its values; when it changed they are read again.
// - All cells are read before any undo entry. Whoever stamps a cell has written the entry before,
//   so for every cell seen with an epoch >= S the entry is there to be found.
// - An entry that is being reused has until = 0 or changes its until while it is read.
// Sites beyond site_limit() of the view are newer than the view and left out.
std::vector<std::vector<Counters>> counters_at(const SessionView& view,
                                               std::span<const uint32_t> points);

// A count of allocations, or of what is left of two: sampled mode counts in fixed point.
constexpr uint64_t whole_count(uint64_t counter, Mode mode) {
    return mode == Mode::sampled ? (counter + kSampledCountUnit / 2) / kSampledCountUnit : counter;
}

}  // namespace heapdrift::input
