// What sampled mode passes by and what it does not lie side by side: blocks of all functions change
// hands between threads and are given back by another one, and requests that no allocator grants
// come between them.
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "truth.h"

enum { kThreads = 4, kPlaces = 4096, kRounds = 60000, kKept = 2000 };

static _Atomic(void*) places[kPlaces];

static void* of_some_function(unsigned which, size_t size) {
    void* block = NULL;
    switch (which % 5) {
        case 0:
            return calloc(size, 1);
        case 1:
            return realloc(NULL, size);
        case 2:
            REQUIRE(posix_memalign(&block, 64, size) == 0);
            return block;
        case 3:
            return aligned_alloc(32, (size + 31) / 32 * 32);
        default:
            return malloc(size);
    }
}

static void* exchange(void* seed) {
    unsigned random = (unsigned)(uintptr_t)seed;
    for (int i = 0; i < kRounds; ++i) {
        random = random * 1664525 + 1013904223;
        void* block = of_some_function(random >> 8, (random >> 12) % 600);
        block = atomic_exchange(&places[(random >> 16) % kPlaces], block);
        if ((random >> 11 & 3) == 0) block = realloc(block, 1 + (random >> 20) % 3000);
        free(block);
    }
    return NULL;
}

MARKER void all_given_back(void) {
    pthread_t threads[kThreads];
    for (uintptr_t i = 0; i < kThreads; ++i)
        REQUIRE(pthread_create(&threads[i], NULL, exchange, (void*)(i + 1)) == 0);
    for (int i = 0; i < kThreads; ++i) REQUIRE(pthread_join(threads[i], NULL) == 0);
}

MARKER void of_sizes_beyond_all(void) {
    const size_t sizes[] = {PTRDIFF_MAX, SIZE_MAX, (size_t)1 << 63, ((size_t)1 << 63) + 100000};
    for (int i = 0; i < 4; ++i) {
        REQUIRE(keep(malloc(hidden_size(sizes[i]))) == NULL);
        REQUIRE(keep(calloc(1, hidden_size(sizes[i]))) == NULL);
        REQUIRE(keep(realloc(NULL, hidden_size(sizes[i]))) == NULL);
    }
}

MARKER void kept_2000x1000(void) {
    for (int i = 0; i < kKept; ++i) REQUIRE(keep(malloc(1000)) != NULL);
    expect("kept_2000x1000", kKept, kKept * 1000, 0, kKept * 1000);
}

static void give_places_back(void) {
    for (int i = 0; i < kPlaces; ++i) free(atomic_exchange(&places[i], NULL));
}

int main(void) {
    of_sizes_beyond_all();
    all_given_back();
    // A child gives back what its parent's sample knows, and has a sample of its own.
    const pid_t child = fork();
    REQUIRE(child >= 0);
    give_places_back();
    all_given_back();
    give_places_back();
    kept_2000x1000();
    int status = 0;
    REQUIRE(child == 0 || (waitpid(child, &status, 0) == child && status == 0));
    tell_truth();
    return 0;
}
