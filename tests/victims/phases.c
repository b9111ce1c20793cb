// Known shapes over time.
//   temporary  blocks freed before the thread's next allocation, and others
//   peak       a high-water mark of one composition, an end of another
//   slow       2.5 seconds of steady growth, for the schedule of snapshots
#include <time.h>

#include "truth.h"

MARKER void temporary_1000x30(void) {
    for (int i = 0; i < 1000; ++i) free(keep(malloc(30)));
    expect("temporary_1000x30", 1000, 30000, 1000, 0);
}

MARKER void not_temporary_500x30(void) {
    void* before = NULL;
    for (int i = 0; i < 500; ++i) {
        void* block = keep(malloc(30));
        free(before);
        before = block;
    }
    free(before);
    expect("not_temporary_500x30", 500, 15000, 500, 0);
}

MARKER void high_water_40x100000(void) {
    void* blocks[40];
    for (int i = 0; i < 40; ++i) blocks[i] = keep(malloc(100000));
    for (int i = 0; i < 40; ++i) free(blocks[i]);
    expect("high_water_40x100000", 40, 4000000, 40, 0);
}

MARKER void left_at_end_3x50000(void) {
    for (int i = 0; i < 3; ++i) keep(malloc(50000));
    expect("left_at_end_3x50000", 3, 150000, 0, 150000);
}

MARKER void grows_steadily(void) {
    const struct timespec pause = {0, 500 * 1000};
    struct timespec start;
    struct timespec now;
    REQUIRE(clock_gettime(CLOCK_MONOTONIC, &start) == 0);
    int64_t count = 0;
    do {
        for (int i = 0; i < 20; ++i) keep(malloc(50));
        count += 20;
        nanosleep(&pause, NULL);
        REQUIRE(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    } while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < 2500);
    expect("grows_steadily", count, count * 50, 0, count * 50);
}

int main(int argc, char** argv) {
    const char* mode = argc > 1 ? argv[1] : "";
    if (strcmp(mode, "temporary") == 0) {
        temporary_1000x30();
        not_temporary_500x30();
    }
    if (strcmp(mode, "peak") == 0) {
        high_water_40x100000();
        left_at_end_3x50000();
    }
    if (strcmp(mode, "slow") == 0) grows_steadily();
    REQUIRE(truth_count > 0);
    tell_truth();
    return 0;
}
