// Threads: "storm" starts 5,000 short ones, or as many as told, at most 64 at a time; "handover"
// frees every block on another thread than the one that allocated it; "crossfire" does both at once
// from all sides.
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "truth.h"

enum {
    kStorm = 5000,
    kAtATime = 64,
    kHandover = 20000,
    kQueue = 256,
    kFighters = 8,
    kShots = 3000
};

static sem_t slots;

MARKER void* storm_body(void* unused) {
    (void)unused;
    void* blocks[4];
    for (int i = 0; i < 4; ++i) blocks[i] = keep(malloc(48));
    for (int i = 0; i < 3; ++i) free(blocks[i]);
    sem_post(&slots);
    return NULL;
}

static void storm(int count) {
    pthread_attr_t attributes;
    REQUIRE(pthread_attr_init(&attributes) == 0);
    REQUIRE(pthread_attr_setstacksize(&attributes, 128 * 1024) == 0);
    REQUIRE(sem_init(&slots, 0, kAtATime) == 0);
    pthread_t threads[kAtATime];
    for (int i = 0; i < count; ++i) {
        pthread_t* thread = &threads[i % kAtATime];
        while (sem_wait(&slots) != 0) continue;
        if (i >= kAtATime) REQUIRE(pthread_join(*thread, NULL) == 0);
        REQUIRE(pthread_create(thread, &attributes, storm_body, NULL) == 0);
    }
    for (int i = 0; i < kAtATime; ++i) REQUIRE(pthread_join(threads[i], NULL) == 0);
    expect("storm_body", count * 4, (int64_t)count * 4 * 48, count * 3, (int64_t)count * 48);
}

static void* queue[kQueue];
static sem_t filled;
static sem_t emptied;

MARKER void* consumer_frees(void* unused) {
    (void)unused;
    for (int i = 0; i < kHandover; ++i) {
        while (sem_wait(&filled) != 0) continue;
        free(queue[i % kQueue]);
        sem_post(&emptied);
    }
    return NULL;
}

MARKER void producer_20000x72(void) {
    for (int i = 0; i < kHandover; ++i) {
        while (sem_wait(&emptied) != 0) continue;
        queue[i % kQueue] = keep(malloc(72));
        sem_post(&filled);
    }
    keep(malloc(72));
    expect("producer_20000x72", kHandover + 1, (kHandover + 1) * 72, kHandover, 72);
    expect("consumer_frees", 0, 0, 0, 0);
}

static void handover(void) {
    REQUIRE(sem_init(&filled, 0, 0) == 0 && sem_init(&emptied, 0, kQueue) == 0);
    pthread_t consumer;
    REQUIRE(pthread_create(&consumer, NULL, consumer_frees, NULL) == 0);
    producer_20000x72();
    REQUIRE(pthread_join(consumer, NULL) == 0);
}

// Each fighter swaps a new block into a shared slot and frees what it finds there, so that an
// address is freed by one thread and handed to another at once.
static _Atomic(void*) targets[16];

MARKER void* crossfire_body(void* seed) {
    unsigned state = (unsigned)(uintptr_t)seed;
    for (int i = 0; i < kShots; ++i) {
        state = state * 1664525u + 1013904223u;
        void* block = keep(malloc(40));
        if (i % 3 == 0) block = keep(realloc(block, 40));
        free(atomic_exchange(&targets[(state >> 20) % 16], block));
    }
    return NULL;
}

static void crossfire(void) {
    pthread_t fighters[kFighters];
    for (int i = 0; i < kFighters; ++i)
        REQUIRE(pthread_create(&fighters[i], NULL, crossfire_body, (void*)(uintptr_t)(i + 1)) == 0);
    for (int i = 0; i < kFighters; ++i) REQUIRE(pthread_join(fighters[i], NULL) == 0);
    int64_t live = 0;
    for (int i = 0; i < 16; ++i) live += targets[i] != NULL;
    const int64_t allocations = kFighters * (kShots + kShots / 3);
    expect("crossfire_body", allocations, allocations * 40, allocations - live, live * 40);
}

int main(int argc, char** argv) {
    const char* mode = argc > 1 ? argv[1] : "";
    if (strcmp(mode, "storm") == 0) storm(argc > 2 ? atoi(argv[2]) : kStorm);
    if (strcmp(mode, "handover") == 0) handover();
    if (strcmp(mode, "crossfire") == 0) crossfire();
    REQUIRE(truth_count > 0);
    tell_truth();
    return 0;
}
