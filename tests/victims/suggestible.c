// What heapdrift suggest speaks of, and beside each what it must not: suggestible KIND does one of
// them for kRounds rounds of a clock.
#include <time.h>

#include "truth.h"

enum { kRounds = 40, kRoundMs = 20 };

static void touch(void* block, size_t size) {
    memset(keep(block), 1, size);
}

MARKER void temporary_many(int round) {
    (void)round;
    for (int i = 0; i < 100000; ++i) free(keep(malloc(64)));
}

MARKER void temporary_few(int round) {
    (void)round;
    for (int i = 0; i < 200; ++i) free(keep(malloc(64)));
}

MARKER void short_lived_many(int round) {
    static void* ring[16];
    static size_t next;
    (void)round;
    for (int i = 0; i < 100000; ++i, ++next) {
        free(ring[next % 16]);
        ring[next % 16] = keep(malloc(48));
    }
    if (round == kRounds - 1)
        for (int i = 0; i < 16; ++i) free(ring[i]);
}

// As often, but ever so many are live.
MARKER void long_lived_many(int round) {
    static void* ring[100000];
    (void)round;
    for (int i = 0; i < 100000; ++i) {
        free(ring[i]);
        ring[i] = keep(malloc(48));
    }
}

MARKER void grows_by_16(int round) {
    (void)round;
    for (int buffers = 0; buffers < 40; ++buffers) {
        char* buffer = NULL;
        for (size_t size = 16; size <= 16 * 1000; size += 16) buffer = keep(realloc(buffer, size));
        free(buffer);
    }
}

MARKER void grows_by_doubling(int round) {
    (void)round;
    for (int buffers = 0; buffers < 3000; ++buffers) {
        char* buffer = NULL;
        for (size_t size = 16; size <= 16 * 1000; size *= 2) buffer = keep(realloc(buffer, size));
        free(buffer);
    }
}

MARKER void tiny_many(int round) {
    if (round < 20)
        for (int i = 0; i < 10000; ++i) keep(malloc(8));
}

MARKER void small_many(int round) {
    if (round < 20)
        for (int i = 0; i < 10000; ++i) keep(malloc(56));
}

static void* pieces[100000];

MARKER void fragments(int round) {
    if (round == 0)
        for (int i = 0; i < 100000; ++i) touch(pieces[i] = malloc(1000), 1000);
    if (round == 2)
        for (int i = 0; i < 100000; ++i)
            if (i % 16 != 0) free(pieces[i]);
}

// As much, in blocks that go back to the system one by one.
MARKER void large_blocks_freed(int round) {
    if (round == 0)
        for (int i = 0; i < 100; ++i) touch(pieces[i] = malloc(1 << 20), 1 << 20);
    if (round == 2)
        for (int i = 0; i < 100; ++i) free(pieces[i]);
}

MARKER void peak_once(int round) {
    static char* blocks[40];
    if (round == 20)
        for (int i = 0; i < 40; ++i) touch(blocks[i] = malloc(1 << 20), 1 << 20);
    if (round == 22)
        for (int i = 0; i < 40; ++i) free(blocks[i]);
}

// Comes and goes all the time: its peak is ordinary.
MARKER void peak_often(int round) {
    static char* blocks[40];
    if (round % 4 == 0)
        for (int i = 0; i < 40; ++i) touch(blocks[i] = malloc(1 << 20), 1 << 20);
    if (round % 4 == 3)
        for (int i = 0; i < 40; ++i) free(blocks[i]);
}

MARKER void cache_full(int round) {
    static void* ring[320];
    (void)round;
    for (int i = 0; i < 80; ++i) {
        static size_t next;
        free(ring[next % 320]);
        ring[next++ % 320] = keep(malloc(64 * 1024));
    }
}

// Of the same size, but never replaced.
MARKER void cache_still_filling(int round) {
    for (int i = 0; i < 8; ++i) keep(malloc(64 * 1024));
    (void)round;
}

MARKER void table_at_start(int round) {
    if (round == 0)
        for (int i = 0; i < 20; ++i) keep(malloc(1 << 20));
}

MARKER void table_in_the_middle(int round) {
    if (round == kRounds / 2)
        for (int i = 0; i < 20; ++i) keep(malloc(1 << 20));
}

MARKER void table_of_a_tenth(int round) {
    if (round == kRounds / 2) keep(malloc(2 << 20));
}

static const struct {
    const char* name;
    void (*work)(int round);
} kKinds[] = {
    {"temporary_many", temporary_many},
    {"temporary_few", temporary_few},
    {"short_lived_many", short_lived_many},
    {"long_lived_many", long_lived_many},
    {"grows_by_16", grows_by_16},
    {"grows_by_doubling", grows_by_doubling},
    {"tiny_many", tiny_many},
    {"small_many", small_many},
    {"fragments", fragments},
    {"large_blocks_freed", large_blocks_freed},
    {"peak_once", peak_once},
    {"peak_often", peak_often},
    {"cache_full", cache_full},
    {"cache_still_filling", cache_still_filling},
    {"table_at_start", table_at_start},
    {"table_in_the_middle", table_in_the_middle},
    {"table_of_a_tenth", table_of_a_tenth},
};
enum { kKindCount = sizeof kKinds / sizeof kKinds[0] };

// Sleeps until then, awake so often that the recorder looks at the clock in time.
static void wait_until(const struct timespec* until) {
    const struct timespec slice = {0, 2000000};
    for (;;) {
        struct timespec now;
        for (int i = 0; i < 100; ++i) free(keep(malloc(1)));
        REQUIRE(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
        if (now.tv_sec > until->tv_sec ||
            (now.tv_sec == until->tv_sec && now.tv_nsec >= until->tv_nsec))
            return;
        nanosleep(&slice, NULL);
    }
}

int main(int argc, char** argv) {
    REQUIRE(argc == 2);
    int kind = 0;
    while (kind < kKindCount && strcmp(argv[1], kKinds[kind].name) != 0) ++kind;
    REQUIRE(kind < kKindCount);
    struct timespec until;
    REQUIRE(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
    for (int round = 0; round < kRounds; ++round) {
        kKinds[kind].work(round);
        until.tv_nsec += kRoundMs * 1000000L;
        if (until.tv_nsec >= 1000000000L) {
            until.tv_nsec -= 1000000000L;
            ++until.tv_sec;
        }
        wait_until(&until);
    }
    return 0;
}
