// Call stacks on demand: a recursion of a given depth whose every frame was called from one of
// sixteen places, so that the innermost levels make as many distinct stacks as are asked for.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { kFanOut = 16, kMostLevels = 32 };

struct Walk;
// Called by the innermost frame; false ends the walk.
typedef bool (*AtDepth)(struct Walk* walk);

struct Walk {
    uint64_t random;
    AtDepth at_depth;
    void* context;
    unsigned depth;
    unsigned least_left, most_left;  // frames left and entered again before the next call; 0: none
    unsigned left;
    unsigned fan_out[kMostLevels];  // by level, the innermost first
    bool ended;
};

void prepare_walk(struct Walk* walk, unsigned depth, uint64_t stacks, bool changing, uint64_t seed);
// Enters the stack and calls at_depth until it returns false.
void walk_stacks(struct Walk* walk, AtDepth at_depth);

static inline uint64_t next_random(struct Walk* walk) {
    uint64_t x = walk->random;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return walk->random = x;
}

// A number below `limit`, from the upper bits.
static inline uint64_t random_below(struct Walk* walk, uint64_t limit) {
    return (uint64_t)(((unsigned __int128)next_random(walk) * limit) >> 64);
}
