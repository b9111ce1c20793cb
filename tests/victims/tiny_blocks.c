// Blocks of 1 to 15 bytes, filled to the last byte: an allocator that packs them 8 bytes apart
// must neither be made to overlap them nor have two taken for one.
#include <malloc.h>

#include "truth.h"

enum { kBlocks = 6000 };

static unsigned char* blocks[kBlocks];
static size_t sizes[kBlocks];

static unsigned char pattern(int i) {
    return (unsigned char)(i * 31 + 7);
}

static void require_intact(void) {
    for (int i = 0; i < kBlocks; ++i) {
        if (blocks[i] == NULL) continue;
        for (size_t at = 0; at < sizes[i]; ++at) REQUIRE(blocks[i][at] == pattern(i));
    }
}

MARKER void tiny_6000(void) {
    int64_t bytes = 0;
    int64_t freed = 0;
    int64_t freed_bytes = 0;
    for (int i = 0; i < kBlocks; ++i) {
        sizes[i] = (size_t)(i % 15 + 1);
        blocks[i] = keep(malloc(sizes[i]));
        REQUIRE(blocks[i] != NULL && malloc_usable_size(blocks[i]) >= sizes[i]);
        memset(blocks[i], pattern(i), sizes[i]);
        bytes += (int64_t)sizes[i];
    }
    require_intact();
    for (int i = 0; i < kBlocks; i += 3) {
        free(blocks[i]);
        blocks[i] = NULL;
        ++freed;
        freed_bytes += (int64_t)sizes[i];
    }
    require_intact();
    expect("tiny_6000", kBlocks, bytes, freed, bytes - freed_bytes);
}

MARKER void tiny_realloc_8_to_15(void) {
    for (int i = 0; i < 500; ++i) {
        char* block = keep(malloc(8));
        memcpy(block, "1234567", 8);
        block = keep(realloc(block, 15));
        memcpy(block + 8, "901234", 7);
        REQUIRE(memcmp(block,
                       "1234567\0"
                       "901234",
                       15) == 0);
        free(block);
    }
    expect("tiny_realloc_8_to_15", 1000, 500 * 23, 1000, 0);
}

MARKER void tiny_calloc_aligned(void) {
    for (int i = 0; i < 500; ++i) {
        unsigned char* block = keep(calloc(3, 3));
        for (int at = 0; at < 9; ++at) REQUIRE(block[at] == 0);
        memset(block, 0xff, 9);
        free(block);
        void* aligned = NULL;
        REQUIRE(posix_memalign(&aligned, 8, 8) == 0);
        memset(keep(aligned), 0xff, 8);
        free(aligned);
    }
    expect("tiny_calloc_aligned", 1000, 500 * 17, 1000, 0);
}

int main(void) {
    tiny_6000();
    tiny_realloc_8_to_15();
    tiny_calloc_aligned();
    require_intact();
    tell_truth();
    return 0;
}
