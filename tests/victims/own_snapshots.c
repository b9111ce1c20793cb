// Uses heapdrift.h, whose functions are weak: without the recorder they are NULL, and the program
// does without.
#include "preload/heapdrift.h"
#include "truth.h"

MARKER void* before_label_30x100(void) {
    static void* blocks[30];
    for (int i = 0; i < 30; ++i) blocks[i] = keep(malloc(100));
    return blocks;
}

MARKER void between_labels_20x300(void) {
    for (int i = 0; i < 20; ++i) keep(malloc(300));
    expect("between_labels_20x300", 20, 6000, 0, 6000);
}

MARKER void after_labels_5x700(void) {
    for (int i = 0; i < 5; ++i) keep(malloc(700));
    expect("after_labels_5x700", 5, 3500, 0, 3500);
}

MARKER void while_stopped_9x99(void) {
    for (int i = 0; i < 9; ++i) keep(malloc(99));
    expect("while_stopped_9x99", 0, 0, 0, 0);
}

// The allocation is libc's own, and no more recorded than the program's.
MARKER void copied_while_stopped_8x50(void) {
    char text[50];
    memset(text, 'c', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < 8; ++i) keep(strdup(text));
    expect_through("copied_while_stopped_8x50", 0, 0, 0, 0);
}

MARKER void* freed_while_stopped_44(void) {
    expect("freed_while_stopped_44", 1, 44, 1, 0);
    return keep(malloc(44));
}

MARKER void ignored_1234(void) {
    void* block = keep(malloc(1234));
    if (heapdrift_ignore) heapdrift_ignore(block);
    expect("ignored_1234", kAny, kAny, kAny, 0);
}

// Blocks that an allocator of the program's own hands out of a larger one.
MARKER void custom_6x128(void) {
    char* pool = keep(malloc(4096));
    for (int i = 0; heapdrift_allocated && i < 6; ++i)
        heapdrift_allocated(pool + 64 + i * 256, 128);
    for (int i = 0; heapdrift_deallocated && i < 2; ++i) heapdrift_deallocated(pool + 64 + i * 256);
    expect("custom_6x128", 1, 4096, 0, 4096);
    expect_from("custom", "custom_6x128", "custom_6x128", 6, 768, 2, 512);
}

MARKER void large_8_mb_freed(void) {
    const size_t before = heapdrift_current_bytes ? heapdrift_current_bytes() : 0;
    void* block = keep(malloc(8 << 20));
    if (heapdrift_current_bytes) {
        const size_t now = heapdrift_current_bytes();
        REQUIRE(now >= before + (8 << 20) - (1 << 20) && now <= before + (9 << 20));
    }
    free(block);
    if (heapdrift_peak_bytes) {
        REQUIRE(heapdrift_peak_bytes() >= (size_t)(7 << 20));
        REQUIRE(heapdrift_current_bytes() < heapdrift_peak_bytes());
    }
    expect("large_8_mb_freed", 1, 8 << 20, 1, 0);
}

int main(int argc, char** argv) {
    // "present": to be refused where the recorder is missing, so that the test cannot pass then.
    if (argc > 1 && strcmp(argv[1], "present") == 0)
        REQUIRE(heapdrift_snapshot && heapdrift_current_bytes && heapdrift_peak_bytes &&
                heapdrift_start && heapdrift_stop && heapdrift_ignore && heapdrift_allocated &&
                heapdrift_deallocated);
    void** blocks = before_label_30x100();
    if (heapdrift_snapshot) REQUIRE(heapdrift_snapshot("first") > 0);
    between_labels_20x300();
    for (int i = 0; i < 10; ++i) free(blocks[i]);
    expect("before_label_30x100", 30, 3000, 10, 2000);
    if (heapdrift_snapshot) REQUIRE(heapdrift_snapshot("second") > 0);
    after_labels_5x700();
    void* block = freed_while_stopped_44();
    if (heapdrift_stop) heapdrift_stop();
    while_stopped_9x99();
    copied_while_stopped_8x50();
    free(block);
    if (heapdrift_start) heapdrift_start();
    ignored_1234();
    custom_6x128();
    large_8_mb_freed();
    tell_truth();
    return 0;
}
