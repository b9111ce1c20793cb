// Custom blocks lie within heap blocks, at any distance from their start and from each other: each
// domain counts its own, and neither disturbs the other. Needs the recorder to show anything.
#include "preload/heapdrift.h"
#include "truth.h"

static void custom_allocated(void* block, size_t size) {
    if (heapdrift_allocated) heapdrift_allocated(block, size);
}

static void custom_deallocated(void* block) {
    if (heapdrift_deallocated) heapdrift_deallocated(block);
}

// Another stack than the marker's own is not asserted: whether its helpers are inlined is not
// known.
static void expect_custom(const char* marker, int64_t allocations, int64_t bytes,
                          int64_t deallocations, int64_t live_bytes) {
    expect_from("custom", NULL, marker, allocations, bytes, deallocations, live_bytes);
}

MARKER void one_inside_100_times(void) {
    for (int i = 0; i < 100; ++i) {
        char* block = keep(malloc(100000));
        custom_allocated(block + 32, 64);
        custom_deallocated(block + 32);
        free(block);
    }
    expect("one_inside_100_times", 100, 10000000, 100, 0);
    expect_custom("one_inside_100_times", 100, 6400, 100, 0);
}

MARKER void at_the_start_and_nested(void) {
    char* block = keep(malloc(200000));
    custom_allocated(block, 50);
    custom_allocated(block + 64, 48);
    custom_allocated(block + 80, 16);
    custom_deallocated(block + 80);
    custom_deallocated(block + 64);
    custom_deallocated(block);
    free(block);
    expect("at_the_start_and_nested", 1, 200000, 1, 0);
    expect_custom("at_the_start_and_nested", 3, 114, 3, 0);
}

MARKER void every_16_bytes_of_a_small_block(void) {
    char* block = keep(malloc(320));
    for (int i = 0; i < 20; ++i) custom_allocated(block + i * 16, 16);
    for (int i = 19; i >= 0; --i) custom_deallocated(block + i * 16);
    free(block);
    expect("every_16_bytes_of_a_small_block", 1, 320, 1, 0);
    expect_custom("every_16_bytes_of_a_small_block", 20, 320, 20, 0);
}

// Heap blocks of all sizes among and around: their records must all be there when they are freed.
MARKER void among_small_blocks(void) {
    char* blocks[256];
    for (int i = 0; i < 256; ++i) {
        blocks[i] = keep(malloc(96));
        custom_allocated(blocks[i] + 32, 24);
    }
    for (int i = 0; i < 256; i += 2) custom_deallocated(blocks[i] + 32);
    for (int i = 0; i < 256; i += 2) free(blocks[i]);
    expect("among_small_blocks", 256, 256 * 96, 128, 128 * 96);
    expect_custom("among_small_blocks", 256, 256 * 24, 128, 128 * 24);
}

// Blocks that go without a word to the recorder: others appear where they were.
MARKER void replaced_49_times(void) {
    char* block = keep(malloc(1000000));
    for (int i = 0; i < 50; ++i) custom_allocated(block, 1000000);
    expect("replaced_49_times", 1, 1000000, 0, 1000000);
    expect_custom("replaced_49_times", 50, 50000000, 49, 1000000);
}

MARKER void live_at_the_end(void) {
    for (int i = 0; i < 10; ++i) keep(malloc(100000));
    expect("live_at_the_end", 10, 1000000, 0, 1000000);
}

int main(int argc, char** argv) {
    if (argc > 1 && strcmp(argv[1], "replaced") == 0) {
        replaced_49_times();
        live_at_the_end();
        tell_truth();
        return 0;
    }
    one_inside_100_times();
    at_the_start_and_nested();
    every_16_bytes_of_a_small_block();
    among_small_blocks();
    tell_truth();
    return 0;
}
