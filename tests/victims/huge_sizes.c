// Sizes beyond anything: each fails with ENOMEM, and none appears in the session.
#include <malloc.h>

#include "truth.h"

#define FAILS(call)                                     \
    do {                                                \
        errno = 0;                                      \
        REQUIRE(keep(call) == NULL && errno == ENOMEM); \
    } while (0)

MARKER void asks_for_too_much(void) {
    static const size_t kSizes[] = {(size_t)PTRDIFF_MAX, (size_t)PTRDIFF_MAX + 1, SIZE_MAX,
                                    SIZE_MAX - 15,       SIZE_MAX - 4096,         (size_t)1 << 60};
    for (size_t i = 0; i < sizeof kSizes / sizeof kSizes[0]; ++i) {
        const size_t size = hidden_size(kSizes[i]);
        FAILS(malloc(size));
        FAILS(calloc(1, size));
        FAILS(calloc(size, 3));
        FAILS(realloc(NULL, size));
        FAILS(reallocarray(NULL, size, 2));
        FAILS(memalign(64, size));
        FAILS(valloc(size));
        FAILS(aligned_alloc(64, size));
        void* unchanged = (void*)0x77;
        REQUIRE(posix_memalign(&unchanged, 64, size) == ENOMEM && unchanged == (void*)0x77);
        void* block = malloc(16);
        errno = 0;
        REQUIRE(keep(realloc(block, size)) == NULL && errno == ENOMEM);
        free(block);
    }
    expect("asks_for_too_much", 6, 96, 6, 0);
}

int main(void) {
    asks_for_too_much();
    tell_truth();
    return 0;
}
