// Memory that grows in many ways, some of them leaks, in steps of a clock: growth KIND… does these
// kinds side by side for ROUNDS rounds. Every kind is a marker of its own.
#include <time.h>

#include "truth.h"

enum { kRounds = 80, kRoundMs = 20 };

static uint64_t seed = 42;
static uint64_t random_below(uint64_t limit) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (seed >> 33) % limit;
}

// Keeps what it is given in a list that is never read again.
static void* kept_blocks;
static void keep_for_ever(void** block) {
    *block = kept_blocks;
    kept_blocks = block;
}

MARKER void leaks_all(int round) {
    (void)round;
    for (int i = 0; i < 3; ++i) keep_for_ever(keep(malloc(100)));
}

// So slowly that a score is just above, or just below, what fails a gate.
MARKER void leaks_each_second(int round) {
    if (round % 2 == 0) keep_for_ever(keep(malloc(100)));
}
MARKER void leaks_each_fourth(int round) {
    if (round % 4 == 0) keep_for_ever(keep(malloc(100)));
}

MARKER void leaks_one_percent(int round) {
    (void)round;
    for (int i = 0; i < 400; ++i) {
        void* block = keep(malloc(64));
        if (i % 100 == 7)
            keep_for_ever(block);
        else
            free(block);
    }
}

MARKER void leaks_late(int round) {
    if (round < kRounds / 3) return;
    for (int i = 0; i < 4; ++i) keep_for_ever(keep(malloc(80)));
}

// Without a pointer to the blocks.
MARKER void leaks_lost(int round) {
    (void)round;
    keep(malloc(48));
}

// One session in twenty is never closed; the others last some rounds.
MARKER void leaks_some_sessions(int round) {
    static void* open[8][32];
    for (int i = 0; i < 32; ++i) {
        void** slot = &open[(round + 1 + (int)random_below(7)) % 8][i];
        if (*slot != NULL) free(*slot);
        *slot = keep(malloc(200));
        if (random_below(20) == 0) *slot = NULL;
    }
}

MARKER void bounded_queue(int round) {
    static void* queue[150];
    static uint64_t next;
    (void)round;
    for (int i = 0; i < 40; ++i) {
        void** slot = &queue[next++ % 150];
        free(*slot);
        *slot = keep(malloc(120));
    }
}

MARKER void random_cache(int round) {
    static void* cache[120];
    (void)round;
    for (int i = 0; i < 60; ++i) {
        void** slot = &cache[random_below(120)];
        free(*slot);
        *slot = keep(malloc(90));
    }
}

MARKER void warms_up(int round) {
    if (round >= kRounds / 5) return;
    for (int i = 0; i < 400 / (kRounds / 5); ++i) keep_for_ever(keep(malloc(70)));
}

MARKER void sawtooth(int round) {
    static void* batch[9 * 30];
    static int used;
    for (int i = 0; i < 30; ++i) batch[used++] = keep(malloc(110));
    if (round % 9 != 8) return;
    while (used > 0) free(batch[--used]);
}

MARKER void temporary_churn(int round) {
    (void)round;
    for (int i = 0; i < 500; ++i) free(keep(malloc(32)));
}

MARKER void sessions(int round) {
    static void* open[8][32];
    for (int i = 0; i < 32; ++i) {
        void** slot = &open[(round + 1 + (int)random_below(7)) % 8][i];
        free(*slot);
        *slot = keep(malloc(200));
    }
}

// As many at once as the load is high, and the load rises all the time.
MARKER void rising_load(int round) {
    static void* open[4][kRounds];
    for (int i = 0; i < round; ++i) {
        free(open[round % 4][i]);
        open[round % 4][i] = keep(malloc(60));
    }
}

static const struct {
    const char* name;
    void (*work)(int round);
} kKinds[] = {
    {"leaks_all", leaks_all},
    {"leaks_each_second", leaks_each_second},
    {"leaks_each_fourth", leaks_each_fourth},
    {"leaks_one_percent", leaks_one_percent},
    {"leaks_late", leaks_late},
    {"leaks_lost", leaks_lost},
    {"leaks_some_sessions", leaks_some_sessions},
    {"bounded_queue", bounded_queue},
    {"random_cache", random_cache},
    {"warms_up", warms_up},
    {"sawtooth", sawtooth},
    {"temporary_churn", temporary_churn},
    {"sessions", sessions},
    {"rising_load", rising_load},
};
enum { kKindCount = sizeof kKinds / sizeof kKinds[0] };

static void wait_until(const struct timespec* start, int milliseconds) {
    struct timespec until = *start;
    until.tv_sec += milliseconds / 1000;
    until.tv_nsec += milliseconds % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        ++until.tv_sec;
    }
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) continue;
}

int main(int argc, char** argv) {
    int wanted[kKindCount] = {0};
    for (int i = 1; i < argc; ++i) {
        int kind = 0;
        while (kind < kKindCount && strcmp(argv[i], kKinds[kind].name) != 0) ++kind;
        REQUIRE(kind < kKindCount);
        wanted[kind] = 1;
    }
    struct timespec start;
    REQUIRE(clock_gettime(CLOCK_MONOTONIC, &start) == 0);
    for (int round = 0; round < kRounds; ++round) {
        for (int kind = 0; kind < kKindCount; ++kind)
            if (wanted[kind]) kKinds[kind].work(round);
        wait_until(&start, (round + 1) * kRoundMs);
    }
    return 0;
}
