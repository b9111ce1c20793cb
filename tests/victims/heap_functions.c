// Each function of malloc's family once, in the ways in which it can succeed and fail.
#include <malloc.h>

#include "truth.h"

static const size_t kTooMuch = PTRDIFF_MAX;

MARKER void malloc_100x64(void) {
    for (int i = 0; i < 100; ++i) REQUIRE(keep(malloc(64)) != NULL);
    expect("malloc_100x64", 100, 6400, 0, 6400);
}

MARKER void malloc_50x32_freed(void) {
    void* blocks[50];
    for (int i = 0; i < 50; ++i) blocks[i] = keep(malloc(32));
    for (int i = 0; i < 50; ++i) free(blocks[i]);
    expect("malloc_50x32_freed", 50, 1600, 50, 0);
}

MARKER void malloc_10x0(void) {
    for (int i = 0; i < 10; ++i) REQUIRE(keep(malloc(0)) != NULL);
    expect("malloc_10x0", 10, 0, 0, 0);
}

MARKER void malloc_too_much(void) {
    errno = 0;
    REQUIRE(keep(malloc(hidden_size(kTooMuch))) == NULL && errno == ENOMEM);
    expect("malloc_too_much", 0, 0, 0, 0);
}

MARKER void calloc_7x30x8(void) {
    for (int i = 0; i < 7; ++i) {
        const char* block = keep(calloc(30, 8));
        for (int at = 0; at < 240; ++at) REQUIRE(block[at] == 0);
    }
    expect("calloc_7x30x8", 7, 1680, 0, 1680);
}

MARKER void calloc_overflow(void) {
    errno = 0;
    REQUIRE(keep(calloc(hidden_size(SIZE_MAX / 2), hidden_size(4))) == NULL && errno == ENOMEM);
    expect("calloc_overflow", 0, 0, 0, 0);
}

MARKER void realloc_grow_10_to_100000(void) {
    char* block = keep(malloc(10));
    memcpy(block, "012345678", 10);
    block = keep(realloc(block, 1000));
    block = keep(realloc(block, 100000));
    REQUIRE(strcmp(block, "012345678") == 0);
    expect("realloc_grow_10_to_100000", 3, 101010, 2, 100000);
}

MARKER void realloc_grow_large_600k_to_2m(void) {
    char* block = keep(malloc(600000));
    block[599999] = 'x';
    block = keep(realloc(block, 2000000));
    REQUIRE(block[599999] == 'x');
    expect("realloc_grow_large_600k_to_2m", 2, 2600000, 1, 2000000);
}

MARKER void realloc_shrink_4096_to_100(void) {
    REQUIRE(keep(realloc(keep(malloc(4096)), 100)) != NULL);
    expect("realloc_shrink_4096_to_100", 2, 4196, 1, 100);
}

MARKER void realloc_in_place_100_to_104(void) {
    void* block = keep(malloc(100));
    const uintptr_t before = (uintptr_t)block;
    REQUIRE((uintptr_t)keep(realloc(block, 104)) == before);
    expect("realloc_in_place_100_to_104", 2, 204, 1, 104);
}

MARKER void realloc_null_77(void) {
    REQUIRE(keep(realloc(keep(NULL), 77)) != NULL);
    expect("realloc_null_77", 1, 77, 0, 77);
}

MARKER void realloc_50_to_zero(void) {
    void* block = keep(malloc(50));
    REQUIRE(keep(realloc(block, hidden_size(0))) == NULL);
    expect("realloc_50_to_zero", 1, 50, 1, 0);
}

MARKER void realloc_failing_60(void) {
    char* block = keep(malloc(60));
    memset(block, 'k', 60);
    errno = 0;
    REQUIRE(keep(realloc(block, hidden_size(kTooMuch))) == NULL && errno == ENOMEM);
    REQUIRE(block[0] == 'k' && block[59] == 'k');
    expect("realloc_failing_60", 1, 60, 0, 60);
}

MARKER void realloc_failed_then_freed_61(void) {
    void* block = keep(malloc(61));
    REQUIRE(keep(realloc(block, hidden_size(kTooMuch))) == NULL);
    free(block);
    expect("realloc_failed_then_freed_61", 1, 61, 1, 0);
}

MARKER void reallocarray_5x8_to_9x8(void) {
    void* block = keep(reallocarray(keep(NULL), 5, 8));
    REQUIRE(keep(reallocarray(block, 9, 8)) != NULL);
    expect_through("reallocarray_5x8_to_9x8", 2, 112, 1, 72);
}

MARKER void reallocarray_overflow_48(void) {
    void* block = keep(malloc(48));
    errno = 0;
    REQUIRE(keep(reallocarray(block, hidden_size(SIZE_MAX / 2), hidden_size(4))) == NULL);
    REQUIRE(errno == ENOMEM);
    expect("reallocarray_overflow_48", 1, 48, 0, 48);
}

MARKER void free_null(void) {
    for (int i = 0; i < 20; ++i) free(keep(NULL));
    expect("free_null", 0, 0, 0, 0);
}

MARKER void posix_memalign_3x1000(void) {
    for (int i = 0; i < 3; ++i) {
        void* block = NULL;
        REQUIRE(posix_memalign(&block, 256, 1000) == 0 && (uintptr_t)block % 256 == 0);
        keep(block);
    }
    expect("posix_memalign_3x1000", 3, 3000, 0, 3000);
}

MARKER void posix_memalign_invalid(void) {
    void* block = (void*)0x1234;
    REQUIRE(posix_memalign(&block, hidden_size(3), 100) == EINVAL && block == (void*)0x1234);
    REQUIRE(posix_memalign(&block, 64, hidden_size(kTooMuch)) == ENOMEM);
    REQUIRE(block == (void*)0x1234);
    expect("posix_memalign_invalid", 0, 0, 0, 0);
}

MARKER void aligned_alloc_2x128(void) {
    for (int i = 0; i < 2; ++i) REQUIRE((uintptr_t)keep(aligned_alloc(64, 128)) % 64 == 0);
    expect("aligned_alloc_2x128", 2, 256, 0, 256);
}

MARKER void memalign_100_freed_and_200(void) {
    free(keep(memalign(4096, 100)));
    REQUIRE((uintptr_t)keep(memalign(4096, 200)) % 4096 == 0);
    expect("memalign_100_freed_and_200", 2, 300, 1, 200);
}

MARKER void valloc_10(void) {
    REQUIRE((uintptr_t)keep(valloc(10)) % 4096 == 0);
    expect("valloc_10", 1, 10, 0, 10);
}

MARKER void pvalloc_10(void) {
    REQUIRE((uintptr_t)keep(pvalloc(10)) % 4096 == 0);
    expect("pvalloc_10", 1, 10, 0, 10);
}

MARKER void usable_size_filled_33(void) {
    char* block = keep(malloc(33));
    const size_t usable = malloc_usable_size(block);
    REQUIRE(usable >= 33 && malloc_usable_size(keep(NULL)) == 0);
    memset(block, 0xee, usable);
    free(block);
    expect("usable_size_filled_33", 1, 33, 1, 0);
}

MARKER void* allocated_here_70(void) {
    expect("allocated_here_70", 1, 70, 1, 0);
    return keep(malloc(70));
}

MARKER void reallocated_there_90(void* block) {
    REQUIRE(keep(realloc(block, 90)) != NULL);
    expect("reallocated_there_90", 1, 90, 0, 90);
}

int main(void) {
    malloc_100x64();
    malloc_50x32_freed();
    malloc_10x0();
    malloc_too_much();
    calloc_7x30x8();
    calloc_overflow();
    realloc_grow_10_to_100000();
    realloc_grow_large_600k_to_2m();
    realloc_shrink_4096_to_100();
    realloc_in_place_100_to_104();
    realloc_null_77();
    realloc_50_to_zero();
    realloc_failing_60();
    realloc_failed_then_freed_61();
    reallocarray_5x8_to_9x8();
    reallocarray_overflow_48();
    free_null();
    posix_memalign_3x1000();
    posix_memalign_invalid();
    aligned_alloc_2x128();
    memalign_100_freed_and_200();
    valloc_10();
    pvalloc_10();
    usable_size_filled_33();
    reallocated_there_90(allocated_here_70());
    tell_truth();
    return 7;
}
