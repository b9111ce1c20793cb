// Threads that map, move and unmap all the time: the kernel gives a range that one has left to
// another one at once. What stays is known.
#include <pthread.h>
#include <sys/mman.h>

#include "truth.h"

enum { kPage = 4096, kThreads = 4, kRounds = 4000, kStep = 100, kStay = kRounds / kStep };

#define MAP_PAGES(pages)                                                   \
    ((char*)keep(mmap(NULL, (size_t)(pages)*kPage, PROT_READ | PROT_WRITE, \
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)))

// Every kStep-th mapping stays, grown and perhaps moved.
MARKER void* moved_4_to_16_pages(void* unused) {
    (void)unused;
    for (int i = 0; i < kRounds; ++i) {
        char* start = MAP_PAGES(4);
        REQUIRE(start != MAP_FAILED);
        start = mremap(start, 4 * kPage, 16 * kPage, MREMAP_MAYMOVE);
        REQUIRE(start != MAP_FAILED);
        if (i % kStep != 0) REQUIRE(munmap(start, 16 * kPage) == 0);
    }
    return NULL;
}

// Fills and opens the gaps into which the others' mappings move.
MARKER void* mapped_4_pages_twice(void* unused) {
    (void)unused;
    for (int i = 0; i < kRounds; ++i) {
        char* first = MAP_PAGES(4);
        char* second = MAP_PAGES(4);
        REQUIRE(first != MAP_FAILED && second != MAP_FAILED);
        REQUIRE(munmap(first, 4 * kPage) == 0);
        if (i % kStep != 0) REQUIRE(munmap(second, 4 * kPage) == 0);
    }
    return NULL;
}

int main(void) {
    pthread_t threads[kThreads];
    for (int i = 0; i < kThreads; ++i)
        REQUIRE(pthread_create(&threads[i], NULL,
                               i % 2 == 0 ? moved_4_to_16_pages : mapped_4_pages_twice, NULL) == 0);
    for (int i = 0; i < kThreads; ++i) REQUIRE(pthread_join(threads[i], NULL) == 0);
    const int64_t half = kThreads / 2;
    expect_mapping("moved_4_to_16_pages", half * kRounds * 2, half * kRounds * 20 * kPage,
                   half * (kRounds * 2 - kStay), half * kStay * 16 * kPage);
    expect_mapping("mapped_4_pages_twice", half * kRounds * 2, half * kRounds * 8 * kPage,
                   half * (kRounds * 2 - kStay), half * kStay * 4 * kPage);
    tell_truth();
    return 0;
}
