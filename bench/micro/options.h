// What the micro program is to do, from its command line.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct Options {
    uint64_t pairs;    // measured malloc+free pairs of all threads together
    uint64_t live;     // blocks live at any time, of all threads together
    uint64_t stacks;   // distinct call stacks, rounded up to what the fan-outs give
    unsigned depth;    // frames of a stack, those of the thread's start included
    unsigned threads;  // that allocate while it is measured
    unsigned idle;     // further threads that visit all stacks once and then sleep
    unsigned passes;   // how often the measurement is repeated, each reported
    bool changing;     // leave and re-enter the 3 to 8 innermost frames before each pair
    bool exchange;     // threads free each other's blocks
    bool mixed;        // calloc and realloc too
    bool grow;         // keep every block until `live` are reached, then free all, again and again
    bool gaps;         // time each pair, for the longest stall
    bool wait;         // measure for as long as standard input is open
};

// Prints what is wrong and ends the program if it is not usable.
struct Options parse_options(int count, char** words);
