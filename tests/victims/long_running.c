// Works until its standard input ends, then says how much. Argument: threads. Every tenth block
// stays. Says "ready" once work has begun.
#include <pthread.h>
#include <stdatomic.h>

#include "truth.h"

static _Atomic int stop;
static _Atomic int64_t rounds;

MARKER void* works(void* unused) {
    (void)unused;
    while (!stop) {
        for (int i = 0; i < 10; ++i) {
            void* block = keep(malloc(200));
            if (i != 0) free(block);
        }
        ++rounds;
        usleep(100);
    }
    return NULL;
}

int main(int argc, char** argv) {
    enum { kMaxThreads = 8 };
    pthread_t threads[kMaxThreads];
    const int count = argc > 1 ? atoi(argv[1]) : 1;
    REQUIRE(count >= 1 && count <= kMaxThreads);
    for (int i = 0; i < count; ++i) REQUIRE(pthread_create(&threads[i], NULL, works, NULL) == 0);
    while (rounds < 10) usleep(1000);
    REQUIRE(write(1, "ready\n", 6) == 6);
    char byte;
    while (read(0, &byte, 1) > 0) continue;
    stop = 1;
    for (int i = 0; i < count; ++i) REQUIRE(pthread_join(threads[i], NULL) == 0);
    expect("works", rounds * 10, rounds * 2000, rounds * 9, rounds * 200);
    tell_truth();
    return 0;
}
