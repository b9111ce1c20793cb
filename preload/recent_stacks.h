// The inner ends of the stacks that a thread captured lately, and the site that each led to.
//
// A program that allocates in a few places in turn changes the innermost frames each time. Its
// previous stack then stands only in part, but a recent one fits on top of that part: the same
// start, and the words that a walk reads from there to a frame that stands still have their values.
// As there (unwind/remembered_stack.h) that decides it, nothing is assumed.
//
// Where stacks seldom recur, looking costs more than it saves: then it pauses for a while.
#pragma once

#include <cstdint>

#include "core/ids.h"
#include "preload/path_hash.h"
#include "preload/unwind/remembered_stack.h"

namespace heapdrift {

class RecentStacks {
public:
    // Where the stack that begins at `start` is looked for and kept. Stacks that differ further out
    // than at their start are told apart by what stands where the remembered one differs.
    static uint32_t set_of(const StartState& start, uint64_t changed_word) {
        const uint64_t mixed = ((start.pc ^ start.sp << 20) + changed_word) * 0x9e37'79b9'7f4a'7c15;
        return static_cast<uint32_t>(mixed >> 32) % kSets;
    }

    // The site of the stack that begins at `start`, on the thread's own stack, and whose outer
    // frames are the first `standing` ones of `outer`, with the hashes of the paths to them; 0 if
    // it is not known.
    [[gnu::always_inline]] SiteId find(uint32_t set, const StartState& start,
                                       const RememberedStack& outer, uint32_t standing,
                                       const PathHash* paths) {
        if (paused_ > 0) {
            --paused_;
            return SiteId{0};
        }
        ++tries_;
        for (const Entry& entry : sets_[set].entries) {
            if (entry.pc != start.pc || entry.sp != start.sp || entry.era != era_ ||
                entry.met >= standing || paths[entry.met] != entry.met_path)
                continue;
            if (!entry.words_stand() || !entry.fits(start, outer)) continue;
            ++hits_;
            return entry.site;
        }
        return SiteId{0};
    }

    // Remembers that the present stack of `outer`, which begins at `start`, is at `site`.
    void keep(uint32_t set, const StartState& start, const RememberedStack& outer,
              const PathHash* paths, SiteId site);

    // After a module was unloaded, or for the next thread. To be called before the first find, too.
    void forget() {
        ++era_;
        paused_ = tries_ = hits_ = 0;
    }

private:
    // Enough for 9 in 10 captures of a busy interpreter; more did not find much more.
    static constexpr uint32_t kSets = 128;
    static constexpr uint32_t kWays = 2;
    static constexpr uint32_t kMaxWords = 6;
    static constexpr uint32_t kTriesPerVerdict = 1024;
    static constexpr uint32_t kPause = 16 * kTriesPerVerdict;

    struct alignas(64) Entry {
        uint64_t pc;
        uint64_t sp;
        uint32_t era;  // entries of an earlier one are forgotten; 0 is none
        uint16_t met;  // number of the frame where the walk met the remembered stack
        bool bp_live;
        // What the walk read on the way: slots as offsets from sp in words, the innermost first.
        // The last one fills the rest.
        uint16_t offsets[kMaxWords];
        SiteId site;
        uint64_t values[kMaxWords];
        uint64_t bp;        // where it matters
        uint64_t met_slot;  // the frame met
        uint64_t met_bp;
        PathHash met_path;  // which stack it was the end of

        // The slots lie between sp and one of the thread's own stack: they can be read. All at
        // once, without a branch for each.
        bool words_stand() const {
            uint64_t differences = 0;
#pragma GCC unroll 6
            for (uint32_t i = 0; i < kMaxWords; ++i)
                differences |= StackReader::load(sp + offsets[i] * sizeof(uint64_t)) ^ values[i];
            return differences == 0;
        }
        [[gnu::always_inline]] bool fits(const StartState& start,
                                         const RememberedStack& outer) const {
            return outer.slot(met) == met_slot && (!bp_live || bp == start.bp) &&
                   (!outer.bp_live(met) || outer.live_bp(met) == met_bp);
        }
    };
    static_assert(sizeof(Entry) == 128);

    // The stacks for which set_of is the same.
    struct Set {
        Entry entries[kWays];
    };

    uint32_t era_;
    uint32_t paused_;
    uint32_t tries_;
    uint32_t hits_;
    uint8_t next_way_[kSets];  // of each set, to be replaced next
    Set sets_[kSets];
};

}  // namespace heapdrift
