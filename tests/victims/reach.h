// What a victim of scans knows: how many blocks of each marker are lost, and how. A scan must find
// exactly these.
#pragma once

#include "truth.h"

struct ReachTruth {
    const char* marker;
    int blocks[4];  // direct, indirect, possible, reachable
};

static struct ReachTruth reach_table[128];
static int reach_count;

static inline void expect_reach(const char* marker, int direct, int indirect, int possible,
                                int reachable) {
    REQUIRE(reach_count < (int)(sizeof reach_table / sizeof reach_table[0]));
    const struct ReachTruth truth = {marker, {direct, indirect, possible, reachable}};
    reach_table[reach_count++] = truth;
}
static inline void expect_lost(const char* marker) {
    expect_reach(marker, 1, 0, 0, 0);
}
static inline void expect_reachable(const char* marker) {
    expect_reach(marker, 0, 0, 0, 1);
}
static inline void expect_possible(const char* marker) {
    expect_reach(marker, 0, 0, 1, 0);
}

static inline void tell_reach(void) {
    static char text[128 * 128];
    size_t used = (size_t)snprintf(text, sizeof text, "{\"reach\": [");
    for (int i = 0; i < reach_count; ++i) {
        const struct ReachTruth* truth = &reach_table[i];
        used += (size_t)snprintf(
            text + used, sizeof text - used,
            "%s{\"marker\": \"%s\", \"direct\": %d, \"indirect\": %d, \"possible\": %d, "
            "\"reachable\": %d}",
            i == 0 ? "" : ", ", truth->marker, truth->blocks[0], truth->blocks[1], truth->blocks[2],
            truth->blocks[3]);
    }
    used += (size_t)snprintf(text + used, sizeof text - used, "]}\n");
    REQUIRE(write(1, text, used) == (ssize_t)used);
}

// Hides from the compiler that nobody reads a variable.
#define READ_BY_SOMEBODY(variable) __asm__ volatile("" : : "r"(&(variable)) : "memory")

// Overwrites what functions that have returned left behind on the stack and in registers.
__attribute__((unused)) TRUTH_ALONE static void wipe_stack(void) {
    volatile char below[16384];
    for (size_t i = 0; i < sizeof below; ++i) below[i] = 0;
    __asm__ volatile(
        "xorl %%ebx, %%ebx\n\txorl %%r12d, %%r12d\n\txorl %%r13d, %%r13d\n\t"
        "xorl %%r14d, %%r14d\n\txorl %%r15d, %%r15d\n\tpxor %%xmm0, %%xmm0\n\tpxor %%xmm1, %%xmm1"
        :
        :
        : "rbx", "r12", "r13", "r14", "r15", "xmm0", "xmm1", "memory");
}
