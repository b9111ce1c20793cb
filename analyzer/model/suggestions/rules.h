// All rules. `judge` adds what it finds, or says why it cannot judge this recording.
#pragma once

#include <span>

#include "analyzer/model/suggestions/suggestion.h"

namespace heapdrift::model {

void judge_leaks(const Subject& subject, Findings& findings);
void judge_limit(const Subject& subject, Findings& findings);
void judge_fragmentation(const Subject& subject, Findings& findings);
void judge_peak(const Subject& subject, Findings& findings);
void judge_temporary(const Subject& subject, Findings& findings);
void judge_short_lived(const Subject& subject, Findings& findings);
void judge_realloc_growth(const Subject& subject, Findings& findings);
void judge_tiny_blocks(const Subject& subject, Findings& findings);
void judge_bounded_cache(const Subject& subject, Findings& findings);
void judge_startup(const Subject& subject, Findings& findings);
void judge_footprint(const Subject& subject, Findings& findings);
// Of CUDA memory; silent where there is none.
void judge_unmapped_handles(const Subject& subject, Findings& findings);
void judge_released_handles(const Subject& subject, Findings& findings);
void judge_open_imports(const Subject& subject, Findings& findings);
void judge_pinned_rounding(const Subject& subject, Findings& findings);
void judge_idle_pool(const Subject& subject, Findings& findings);
void judge_segments(const Subject& subject, Findings& findings);

// What a malloc and its free cost at least, with what is fast in every allocator: what rules about
// time count with. Where memory is not in the cache it is more.
inline constexpr double kSecondsForPair = 20e-9;
// Below, time spent in the allocator is not worth a change.
inline constexpr double kLeastTimeShare = 0.02;
inline constexpr double kMuchTimeShare = 0.1;
inline constexpr double kMebibyte = 1024.0 * 1024;
// A site that holds less is not worth a look for its size alone.
inline constexpr double kLargeSite = 16 * kMebibyte;
// The same on a device.
inline constexpr double kLargeOnDevice = 64 * kMebibyte;

}  // namespace heapdrift::model
