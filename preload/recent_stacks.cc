#include "preload/recent_stacks.h"

namespace heapdrift {

void RecentStacks::keep(uint32_t set, const StartState& start, const RememberedStack& outer,
                        const PathHash* paths, SiteId site) {
    if (paused_ > 0) return;
    if (tries_ >= kTriesPerVerdict) {
        if (hits_ < tries_ / 4) paused_ = kPause;
        tries_ = hits_ = 0;
    }
    if (outer.count() < 2 || !outer.verifiable(outer.count() - 1)) return;
    // As many frames as there is space for: the more of them change, the more often the end fits.
    const uint32_t last = outer.count() - 1;
    uint32_t met = last - 1;
    while (met > 0 && outer.words_between(met - 1, last) <= kMaxWords) --met;
    const uint32_t count = outer.words_between(met, last);
    if (count > kMaxWords) return;
    Entry& entry = sets_[set].entries[next_way_[set]++ % kWays];
    entry.pc = start.pc;
    entry.sp = start.sp;
    entry.era = era_;
    entry.met = static_cast<uint16_t>(met);
    entry.bp_live = outer.bp_live(last);
    entry.bp = start.bp;
    entry.met_slot = outer.slot(met);
    entry.met_bp = outer.live_bp(met);
    entry.met_path = paths[met];
    entry.site = site;
    uint32_t at = 0;
    uint64_t all_offsets = 0;
    outer.for_words_between(met, last, [&](const StackWord& word) {
        const uint64_t offset = word.slot - start.sp;
        all_offsets |= offset;
        entry.offsets[at] = static_cast<uint16_t>(offset / sizeof(uint64_t));
        entry.values[at++] = word.address;
    });
    for (; at < kMaxWords; ++at) {
        entry.offsets[at] = entry.offsets[at - 1];
        entry.values[at] = entry.values[at - 1];
    }
    // A word lies too far out, or astride two.
    constexpr uint64_t kHeld = uint64_t{UINT16_MAX} * sizeof(uint64_t);
    if ((all_offsets & ~kHeld) != 0) entry.era = 0;
}

}  // namespace heapdrift
