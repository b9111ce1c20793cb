#include "stacks.h"

enum { kInnermost = kFanOut };

static inline unsigned choose(struct Walk* walk, unsigned level) {
    if (level == 0) return kInnermost;
    const unsigned choices = level <= kMostLevels ? walk->fan_out[level - 1] : 1;
    return choices > 1 ? (unsigned)random_below(walk, choices) : 0;
}

static inline __attribute__((always_inline)) void be_innermost(struct Walk* walk) {
    if (!walk->at_depth(walk)) walk->ended = true;
    if (walk->most_left > 0)
        walk->left =
            walk->least_left + (unsigned)random_below(walk, walk->most_left - walk->least_left + 1);
}

// Each call must stay a call of its own: the compiler joins those that end alike, which different
// constants in the empty statement behind them prevent.
#define CALL_SITE(function, number)                      \
    case number:                                         \
        function(walk, level - 1);                       \
        __asm__ volatile("" : : "i"(number) : "memory"); \
        break;

static void odd_level(struct Walk* walk, unsigned level);

// The two functions take turns, so that frames differ in size and in the registers they save.
#define LEVEL(name, other, locals)                                                  \
    static __attribute__((noinline)) void name(struct Walk* walk, unsigned level) { \
        char frame[locals];                                                         \
        __asm__ volatile("" : : "r"(frame) : "memory");                             \
        do {                                                                        \
            switch (choose(walk, level)) {                                          \
                CALL_SITE(other, 0)                                                 \
                CALL_SITE(other, 1)                                                 \
                CALL_SITE(other, 2)                                                 \
                CALL_SITE(other, 3)                                                 \
                CALL_SITE(other, 4)                                                 \
                CALL_SITE(other, 5)                                                 \
                CALL_SITE(other, 6)                                                 \
                CALL_SITE(other, 7)                                                 \
                CALL_SITE(other, 8)                                                 \
                CALL_SITE(other, 9)                                                 \
                CALL_SITE(other, 10)                                                \
                CALL_SITE(other, 11)                                                \
                CALL_SITE(other, 12)                                                \
                CALL_SITE(other, 13)                                                \
                CALL_SITE(other, 14)                                                \
                CALL_SITE(other, 15)                                                \
                default:                                                            \
                    be_innermost(walk);                                             \
            }                                                                       \
        } while (!walk->ended && level >= walk->left);                              \
    }

LEVEL(even_level, odd_level, 24)
LEVEL(odd_level, even_level, 88)

void prepare_walk(struct Walk* walk, unsigned depth, uint64_t stacks, bool changing,
                  uint64_t seed) {
    enum { kLeast = 3, kMost = 8 };
    *walk = (struct Walk){.depth = depth};
    walk->random = seed * 0x9E3779B97F4A7C15u + 1;
    unsigned varied = 0;
    for (uint64_t more = stacks; more > 1 && varied < kMostLevels && varied + 1 < depth; ++varied) {
        walk->fan_out[varied] = more < kFanOut ? (unsigned)more : kFanOut;
        more = (more + kFanOut - 1) / kFanOut;
    }
    for (unsigned level = varied; level < kMostLevels; ++level) walk->fan_out[level] = 1;
    if (!changing && stacks <= 1) return;
    walk->most_left = varied > kMost ? varied : kMost;
    if (walk->most_left >= depth) walk->most_left = depth - 1;
    walk->least_left = kLeast < walk->most_left ? kLeast : walk->most_left;
}

void walk_stacks(struct Walk* walk, AtDepth at_depth) {
    walk->at_depth = at_depth;
    walk->ended = false;
    walk->left = 0;
    even_level(walk, walk->depth - 1);
}
