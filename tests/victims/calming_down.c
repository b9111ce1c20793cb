// A thread that makes millions of operations a second, and then a hundred: what it has learnt about
// its own speed must not keep it from the clock. Says the longest pause it was made to take, in
// milliseconds, as a busy machine is not the recorder's fault.
#include <time.h>

#include "truth.h"

enum { kBurst = 20000000, kSlow = 300 };

static double milliseconds(void) {
    struct timespec now;
    REQUIRE(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

MARKER void burst_of_operations(void) {
    for (int i = 0; i < kBurst; ++i) free(keep(malloc(16)));
    expect("burst_of_operations", kBurst, (int64_t)kBurst * 16, kBurst, 0);
}

MARKER void hundred_a_second(void) {
    double longest = 0;
    double before = milliseconds();
    for (int i = 0; i < kSlow; ++i) {
        REQUIRE(keep(malloc(64)) != NULL);
        usleep(10000);
        const double now = milliseconds();
        if (now - before > longest) longest = now - before;
        before = now;
    }
    expect("hundred_a_second", kSlow, kSlow * 64, 0, kSlow * 64);
    printf("%.0f\n", longest);
    fflush(stdout);
}

int main(void) {
    static char buffer[4096];
    REQUIRE(setvbuf(stdout, buffer, _IOFBF, sizeof buffer) == 0);
    burst_of_operations();
    hundred_a_second();
    tell_truth();
    return 0;
}
