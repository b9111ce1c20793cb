// Every place of a process with one thread in which a pointer may lie, and places that are none.
#include <dlfcn.h>
#include <libgen.h>
#include <pthread.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "reach.h"

struct Node {
    void* first;
    void* second;
    char rest[40];
};

static void* in_data[4] = {&in_data};
static void* in_bss[16];
static __thread void* in_tls;
static __thread char wide_tls[2000];
static void** in_mapping;
static pthread_key_t first_keys[40];
static const char* own_folder;

MARKER void data(void) {
    in_data[1] = malloc(100);
    expect_reachable("data");
}
MARKER void bss(void) {
    in_bss[3] = malloc(100);
    expect_reachable("bss");
}
MARKER void thread_local_word(void) {
    in_tls = malloc(100);
    expect_reachable("thread_local_word");
}
MARKER void thread_local_array(void) {
    void* block = malloc(100);
    memcpy(wide_tls + 1600, &block, sizeof block);
    expect_reachable("thread_local_array");
}
// In storage that libc allocates for the thread when a library is loaded and first uses it.
TRUTH_ALONE static void library_storage(void* block) {
    char path[4096];
    snprintf(path, sizeof path, "%s/victim_reach_plugin.so", own_folder);
    void* library = dlopen(path, RTLD_NOW);
    REQUIRE(library != NULL);
    void (*store)(void*) = (void (*)(void*))(uintptr_t)dlsym(library, "store");
    REQUIRE(store != NULL);
    store(block);
}
MARKER void* kept_by_library(void) {
    expect_reachable("kept_by_library");
    return malloc(100);
}
MARKER void specific_of_low_key(void) {
    pthread_setspecific(first_keys[0], malloc(100));
    expect_reachable("specific_of_low_key");
}
MARKER void specific_of_high_key(void) {
    pthread_setspecific(first_keys[39], malloc(100));
    // libc keeps a second array for such keys.
    expect_reach("specific_of_high_key", 0, 0, 0, 2);
}
MARKER void program_mapping(void) {
    in_mapping = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    in_mapping[70000] = malloc(100);
    expect_reachable("program_mapping");
}
MARKER void shared_mapping(void) {
    void** start = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    start[600] = malloc(100);
    expect_reachable("shared_mapping");
}
MARKER void sealed_mapping(void) {
    void** start = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    start[5] = malloc(100);
    mprotect(start, 4096, PROT_READ);
    expect_reachable("sealed_mapping");
}
// A reservation of which next to nothing exists: looking at all of it would take minutes.
MARKER void sparse_reservation(void) {
    void** start = mmap(NULL, (size_t)1 << 38, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED) return;
    start[(size_t)1 << 34] = malloc(100);
    expect_reachable("sparse_reservation");
}
MARKER void beyond_end_of_file(void) {
    FILE* file = tmpfile();
    if (file == NULL) return;
    REQUIRE(ftruncate(fileno(file), 100) == 0);
    void** start = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
    REQUIRE(start != MAP_FAILED);
    start[2] = malloc(100);
    fclose(file);
    expect_reachable("beyond_end_of_file");
}

// As libraries for coroutines do it: a stack from the heap with a page that nobody may touch.
MARKER void block_with_guard(void) {
    void** block = aligned_alloc(4096, 16 * 4096);
    block[9000 / 8] = malloc(100);
    REQUIRE(mprotect((char*)block + 4096, 4096, PROT_NONE) == 0);
    in_bss[12] = block;
    expect_reach("block_with_guard", 0, 0, 0, 2);
}

MARKER void interior_only(void) {
    in_bss[4] = (char*)malloc(100) + 40;
    expect_possible("interior_only");
}
MARKER void end_only(void) {
    in_bss[5] = (char*)malloc(96) + 96;
    expect_possible("end_only");
}
MARKER void empty_block(void) {
    in_bss[6] = malloc(hidden_size(0));
    expect_reachable("empty_block");
}
// What a possibly lost block leads to is so as well.
MARKER void behind_interior(void) {
    struct Node* node = malloc(sizeof *node);
    node->first = malloc(30);
    in_bss[7] = &node->rest;
    expect_reach("behind_interior", 0, 0, 2, 0);
}
MARKER void counted_array(void) {
    size_t* block = malloc(sizeof(size_t) + 5 * 24);
    *block = 5;
    in_bss[8] = block + 1;
    expect_reachable("counted_array");
}

MARKER void lost_one(void) {
    keep(malloc(100));
    expect_lost("lost_one");
}
MARKER void lost_empty(void) {
    keep(malloc(hidden_size(0)));
    expect_lost("lost_empty");
}
MARKER void lost_large(void) {
    keep(malloc(3 << 20));
    expect_lost("lost_large");
}
MARKER void lost_chain(void) {
    struct Node* node = NULL;
    for (int i = 0; i < 5; ++i) {
        struct Node* outer = calloc(1, sizeof *outer);
        outer->first = node;
        node = outer;
    }
    expect_reach("lost_chain", 1, 4, 0, 0);
}
MARKER void lost_ring(void) {
    struct Node* nodes[3];
    for (int i = 0; i < 3; ++i) nodes[i] = calloc(1, sizeof *nodes[i]);
    for (int i = 0; i < 3; ++i) nodes[i]->second = nodes[(i + 1) % 3];
    keep(nodes[0]);
    memset(nodes, 0, sizeof nodes);
    keep(nodes);
    expect_reach("lost_ring", 1, 2, 0, 0);
}
MARKER void lost_self(void) {
    void** block = malloc(1337);
    *block = block;
    expect_lost("lost_self");
}
MARKER void lost_in_freed(void) {
    void** block = malloc(200);
    block[10] = malloc(300);
    in_bss[9] = block;
    free(block);
    in_bss[9] = NULL;
    expect_lost("lost_in_freed");
}
MARKER void overwritten(void) {
    for (int i = 0; i < 3; ++i) {
        in_bss[10] = malloc(100);
        READ_BY_SOMEBODY(in_bss);
    }
    expect_reach("overwritten", 2, 0, 0, 1);
}
MARKER void forgotten_after_realloc(void) {
    void* block = malloc(100);
    block = realloc(block, 5000);
    keep(block);
    expect_lost("forgotten_after_realloc");
}
MARKER void hidden_pointer(void) {
    in_bss[11] = (void*)~(uintptr_t)malloc(100);
    expect_lost("hidden_pointer");
}

// A coroutine that waits, on a stack from the heap.
static ucontext_t coroutine, back;
MARKER void coroutine_local(void) {
    void* volatile block = malloc(100);
    swapcontext(&coroutine, &back);
    free(block);
}
MARKER void coroutine_stack(void) {
    getcontext(&coroutine);
    coroutine.uc_stack.ss_sp = malloc(65536);
    coroutine.uc_stack.ss_size = 65536;
    makecontext(&coroutine, coroutine_local, 0);
    swapcontext(&back, &coroutine);
    expect_reachable("coroutine_stack");
    expect_reachable("coroutine_local");
}

// The recorder knows a block's address to within 32 bytes. Here what stands in the block before
// looks like the header of one that begins 16 bytes earlier and ends where the true one does.
MARKER void* beside_a_look_alike(void) {
    return malloc(120);
}
static void look_alikes(void) {
    static void* kept[64][2];
    for (int i = 0; i < 64; ++i) {
        const size_t chunk = i % 2 == 0 ? 64 : 48;
        char* before = malloc(chunk - 8);
        char* block = beside_a_look_alike();
        if (block == before + chunk) *(unsigned long*)(block - 24) = 144 | 1;
        kept[i][0] = before;
        kept[i][1] = block;
    }
    READ_BY_SOMEBODY(kept);
    expect_reach("beside_a_look_alike", 0, 0, 0, 64);
}

// The end of the newest block is also the address of the heap's remainder, of which libc keeps
// track: for each size, since only some reach that far.
static size_t newest_size;
MARKER void newest(void) {
    keep(malloc(newest_size));
    expect_lost("newest");
}

int main(int count, char** arguments) {
    REQUIRE(count > 1);
    newest_size = (size_t)atoi(arguments[1]);
    for (int i = 0; i < 40; ++i) pthread_key_create(&first_keys[i], NULL);
    own_folder = dirname(arguments[0]);
    data();
    bss();
    thread_local_word();
    thread_local_array();
    library_storage(kept_by_library());
    specific_of_low_key();
    specific_of_high_key();
    program_mapping();
    shared_mapping();
    sealed_mapping();
    sparse_reservation();
    beyond_end_of_file();
    block_with_guard();
    interior_only();
    end_only();
    empty_block();
    behind_interior();
    counted_array();
    lost_one();
    lost_empty();
    lost_large();
    lost_chain();
    lost_ring();
    lost_self();
    lost_in_freed();
    overwritten();
    forgotten_after_realloc();
    hidden_pointer();
    coroutine_stack();
    look_alikes();
    READ_BY_SOMEBODY(in_data);
    READ_BY_SOMEBODY(in_bss);
    READ_BY_SOMEBODY(in_tls);
    READ_BY_SOMEBODY(wide_tls);
    wipe_stack();
    newest();
    wipe_stack();
    tell_reach();
    return 0;
}
