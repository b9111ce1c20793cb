// Asks heapdrift.h what is still live since a mark, and says what is not to be reported. Without
// the recorder every question is answered with "not known".
#include <pthread.h>

#include "preload/heapdrift.h"
#include "truth.h"

static int recorded;

static void require_growth(const heapdrift_mark* mark, size_t allocations, size_t bytes,
                           size_t sites) {
    const heapdrift_growth growth = HEAPDRIFT_GROWTH(mark);
    REQUIRE(growth.known == recorded);
    REQUIRE(growth.live_allocations == (recorded ? allocations : 0));
    REQUIRE(growth.live_bytes == (recorded ? bytes : 0));
    REQUIRE(growth.sites == (recorded ? sites : 0));
}

MARKER void nothing_is_left(void) {
    void* before = keep(malloc(10));
    heapdrift_mark mark;
    HEAPDRIFT_MARK_BEGIN(&mark);
    require_growth(&mark, 0, 0, 0);
    for (int i = 0; i < 1000; ++i) free(keep(malloc(100)));
    free(before);
    require_growth(&mark, 0, 0, 0);
    HEAPDRIFT_MARK_END(&mark);
    expect("nothing_is_left", 1001, 100010, 1001, 0);
}

static void* left[10];

MARKER void left_behind(void) {
    for (int i = 0; i < 10; ++i) left[i] = keep(malloc(50));
    expect("left_behind", 10, 500, 10, 0);
}

MARKER void* left_here(void) {
    expect("left_here", 1, 2000, 1, 0);
    return keep(malloc(2000));
}

static void left_by_two_sites(void) {
    heapdrift_mark mark;
    HEAPDRIFT_MARK_BEGIN(&mark);
    left_behind();
    void* large = left_here();
    require_growth(&mark, 11, 2500, 2);
    if (recorded) {
        heapdrift_site sites[4];
        REQUIRE(heapdrift_mark_growth(&mark, sites, 4).sites == 2);
        REQUIRE(sites[0].live_bytes == 2000 && sites[0].live_allocations == 1);
        REQUIRE(sites[1].live_bytes == 500 && sites[1].live_allocations == 10);
        REQUIRE(heapdrift_mark_growth(&mark, sites, 1).sites == 2);
        REQUIRE(sites[0].live_bytes == 2000);
        void* frames[64];
        const size_t count = heapdrift_site_frames(sites[0].site, frames, 64);
        REQUIRE(count >= 3 && count < 64);
        const char* caller = (const char*)frames[0];
        REQUIRE(caller > (const char*)left_here && caller < (const char*)left_here + 200);
        REQUIRE(heapdrift_site_frames(sites[0].site, frames, 1) == count);
        REQUIRE(heapdrift_site_frames(0, frames, 64) == 0);
    }
    free(large);
    require_growth(&mark, 10, 500, 1);
    HEAPDRIFT_MARK_END(&mark);
    // The question comes too late.
    REQUIRE(HEAPDRIFT_GROWTH(&mark).known == 0);
}

static void* free_all(void* unused) {
    (void)unused;
    for (int i = 0; i < 10; ++i) free(left[i]);
    return NULL;
}

static void* allocate_elsewhere(void* block) {
    *(void**)block = keep(malloc(77));
    return NULL;
}

static void run_thread(void* (*work)(void*), void* argument) {
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, work, argument) == 0);
    REQUIRE(pthread_join(thread, NULL) == 0);
}

// What other threads free is gone; what they allocate is theirs.
static void other_threads(void) {
    void* other = NULL;
    run_thread(allocate_elsewhere, &other);  // stacks and thread-local storage are made once
    free(other);
    heapdrift_mark mark;
    HEAPDRIFT_MARK_BEGIN(&mark);
    run_thread(allocate_elsewhere, &other);
    require_growth(&mark, 0, 0, 0);
    for (int i = 0; i < 10; ++i) free(left[i]);
    for (int i = 0; i < 10; ++i) left[i] = keep(malloc(60));
    require_growth(&mark, 10, 600, 1);
    run_thread(free_all, NULL);
    require_growth(&mark, 0, 0, 0);
    HEAPDRIFT_MARK_END(&mark);
    free(other);
}

static void nested(void) {
    heapdrift_mark outer;
    heapdrift_mark inner;
    HEAPDRIFT_MARK_BEGIN(&outer);
    void* first = keep(malloc(100));
    HEAPDRIFT_MARK_BEGIN(&inner);
    void* second = keep(malloc(200));
    require_growth(&inner, 1, 200, 1);
    require_growth(&outer, 2, 300, 2);
    HEAPDRIFT_MARK_END(&inner);
    require_growth(&outer, 2, 300, 2);
    void* third = keep(malloc(300));
    require_growth(&outer, 3, 600, 3);
    free(second);
    free(first);
    third = keep(realloc(third, 400));
    require_growth(&outer, 1, 400, 1);
    free(third);
    require_growth(&outer, 0, 0, 0);
    // An outer mark ends the inner one.
    HEAPDRIFT_MARK_BEGIN(&inner);
    HEAPDRIFT_MARK_END(&outer);
    REQUIRE(HEAPDRIFT_GROWTH(&inner).known == 0);
    HEAPDRIFT_MARK_END(&inner);
}

// More marks than there are scopes, of which some leave blocks behind for a while.
static void many_marks(void) {
    static void* blocks[200];
    heapdrift_mark mark;
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 200; ++i) {
            HEAPDRIFT_MARK_BEGIN(&mark);
            blocks[i] = keep(malloc(24));
            require_growth(&mark, 1, 24, 1);
            HEAPDRIFT_MARK_END(&mark);
        }
        for (int i = 0; i < 200; ++i) free(blocks[i]);
    }
    for (int i = 0; i < 1000; ++i) {
        HEAPDRIFT_MARK_BEGIN(&mark);
        free(keep(malloc(24)));
        require_growth(&mark, 0, 0, 0);
        HEAPDRIFT_MARK_END(&mark);
    }
}

// So many that leave blocks behind for good that there are no scopes left: then nothing is known.
MARKER void leaves_blocks_in_every_scope(void) {
    heapdrift_mark mark;
    for (int i = 0; i < 300; ++i) {
        HEAPDRIFT_MARK_BEGIN(&mark);
        keep(malloc(16));
        if (recorded && i < 250) REQUIRE(HEAPDRIFT_GROWTH(&mark).live_allocations == 1);
        if (i >= 254) REQUIRE(!HEAPDRIFT_GROWTH(&mark).known);
        HEAPDRIFT_MARK_END(&mark);
    }
    expect("leaves_blocks_in_every_scope", 300, 4800, 0, 4800);
}

MARKER void ignored_40x250(void) {
    heapdrift_mark mark;
    HEAPDRIFT_MARK_BEGIN(&mark);
    HEAPDRIFT_IGNORE_BEGIN();
    HEAPDRIFT_IGNORE_BEGIN();
    for (int i = 0; i < 30; ++i) keep(malloc(250));
    HEAPDRIFT_IGNORE_END();
    for (int i = 0; i < 10; ++i) keep(malloc(250));
    HEAPDRIFT_IGNORE_END();
    require_growth(&mark, 0, 0, 0);
    HEAPDRIFT_MARK_END(&mark);
    // In all sums, as any other.
    expect("ignored_40x250", 40, 10000, 0, 10000);
}

struct Node {
    struct Node* next;
};

// Only the head is ignored; what it leads to is not lost.
MARKER void led_to_by_ignored(void) {
    HEAPDRIFT_IGNORE_BEGIN();
    struct Node* head = keep(malloc(sizeof *head));
    HEAPDRIFT_IGNORE_END();
    for (int i = 0; i < 5; ++i) {
        struct Node* node = keep(malloc(500));
        node->next = i == 0 ? NULL : head->next;
        head->next = node;
    }
    expect("led_to_by_ignored", 6, 2508, 0, 2508);
}

MARKER void lost_3x700(void) {
    for (int i = 0; i < 3; ++i) keep(malloc(700));
    expect("lost_3x700", 3, 2100, 0, 2100);
}

int main(int argc, char** argv) {
    // "present": to be refused where the recorder is missing, so that the test cannot pass then.
    recorded = heapdrift_mark_begin != NULL;
    if (argc > 1 && strcmp(argv[1], "present") == 0) REQUIRE(recorded);
    if (argc > 1 && strcmp(argv[1], "sampled") == 0) recorded = 0;
    nothing_is_left();
    left_by_two_sites();
    other_threads();
    nested();
    many_marks();
    ignored_40x250();
    led_to_by_ignored();
    lost_3x700();
    leaves_blocks_in_every_scope();
    tell_truth();
    return 0;
}
