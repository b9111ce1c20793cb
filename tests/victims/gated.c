// What a gate in a pipeline must tell apart: gated WHAT… does each thing in turn.
//
//   clean            allocates and frees
//   loses N          loses N blocks of 100 bytes
//   ignores N        the same in an ignored scope
//   threads N        N threads work side by side for a while; each loses three blocks
//   holds BYTES      has a block of so many bytes for a moment
//   overlaps BYTES   4 threads each hold such a block for a moment, when they come to it
//   keeps BYTES      leaves such a block reachable until the end
//   labels BYTES     takes the snapshots "before" and "after", and keeps so much in between
//   exits N          ends with the exit status N
//   dies             ends by SIGABRT
#include <pthread.h>
#include <sched.h>

#include "preload/heapdrift.h"
#include "reach.h"

MARKER static void lose_blocks(int count) {
    for (int i = 0; i < count; ++i) keep(malloc(100));
}

MARKER static void work_and_lose(void) {
    for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < 2000; ++j) free(keep(malloc((size_t)(j % 500))));
        keep(malloc(77));
    }
}

static void* thread(void* unused) {
    work_and_lose();
    wipe_stack();
    return unused;
}

static void run_threads(int count) {
    pthread_t threads[64];
    REQUIRE(count <= 64);
    for (int i = 0; i < count; ++i) REQUIRE(pthread_create(&threads[i], NULL, thread, NULL) == 0);
    for (int i = 0; i < count; ++i) REQUIRE(pthread_join(threads[i], NULL) == 0);
}

static void* kept[64];
static int kept_count;
MARKER static void keep_block(size_t size) {
    REQUIRE(kept_count < 64);
    kept[kept_count++] = keep(malloc(size));
    READ_BY_SOMEBODY(kept);
}

MARKER static void hold_block(size_t size) {
    free(keep(malloc(size)));
}

// How many of the blocks there are at once is for the scheduler to say.
static size_t overlapping_size;
static void* hold_for_a_moment(void* unused) {
    for (int i = 0; i < 50; ++i) {
        void* block = keep(malloc(overlapping_size));
        sched_yield();
        free(block);
    }
    return unused;
}
static void overlap(size_t size) {
    pthread_t threads[4];
    overlapping_size = size;
    for (int i = 0; i < 4; ++i)
        REQUIRE(pthread_create(&threads[i], NULL, hold_for_a_moment, NULL) == 0);
    for (int i = 0; i < 4; ++i) REQUIRE(pthread_join(threads[i], NULL) == 0);
}

int main(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        const char* what = argv[i];
        if (strcmp(what, "clean") == 0) {
            hold_block(1000);
        } else if (strcmp(what, "dies") == 0) {
            abort();
        } else {
            REQUIRE(i + 1 < argc);
            const long number = atol(argv[++i]);
            if (strcmp(what, "loses") == 0) lose_blocks((int)number);
            if (strcmp(what, "ignores") == 0) {
                HEAPDRIFT_IGNORE_BEGIN();
                lose_blocks((int)number);
                HEAPDRIFT_IGNORE_END();
            }
            if (strcmp(what, "threads") == 0) run_threads((int)number);
            if (strcmp(what, "holds") == 0) hold_block((size_t)number);
            if (strcmp(what, "overlaps") == 0) overlap((size_t)number);
            if (strcmp(what, "keeps") == 0) keep_block((size_t)number);
            if (strcmp(what, "exits") == 0) exit((int)number);
            if (strcmp(what, "labels") == 0) {
                if (heapdrift_snapshot) heapdrift_snapshot("before");
                keep_block((size_t)number);
                if (heapdrift_snapshot) heapdrift_snapshot("after");
            }
        }
        wipe_stack();
    }
    return 0;
}
