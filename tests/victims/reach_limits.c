// Where a scan sees less than all: what it then may not say.
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "preload/heapdrift.h"
#include "reach.h"

static void* kept[4];

MARKER void lost(void) {
    keep(malloc(100));
}

// A pointer in memory that children do not get: its block looks lost to a copy.
MARKER void withheld(void) {
    void** start = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(madvise(start, 4096, MADV_DONTFORK) == 0);
    *start = malloc(100);
    expect_possible("withheld");
}

// Its own blocks are unknown to the recorder, and what they lead to must not be called lost.
MARKER void* of_ignored(void) {
    return malloc(100);
}
static void ignored(void) {
    void** block = malloc(200);
    if (heapdrift_ignore) heapdrift_ignore(block);
    *block = of_ignored();
    kept[0] = block;
    expect_reachable("of_ignored");
}

static volatile long waiting_tid;
static void* wait_for_ever(void* argument) {
    waiting_tid = syscall(SYS_gettid);
    for (;;) syscall(SYS_pause);
    return argument;
}
// A thread that somebody else traces already, as a debugger does.
static void traced(void) {
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, wait_for_ever, NULL) == 0);
    while (waiting_tid == 0) sched_yield();
    int ready[2];
    int ended[2];
    REQUIRE(pipe(ready) == 0 && pipe(ended) == 0);
    char byte;
    if (fork() == 0) {
        REQUIRE(ptrace(PTRACE_SEIZE, waiting_tid, 0, 0) == 0);
        REQUIRE(write(ready[1], "", 1) == 1);
        // Until the process is gone, which cannot end while its thread is traced.
        close(ended[1]);
        REQUIRE(read(ended[0], &byte, 1) == 0);
        syscall(SYS_exit_group, 0);
    }
    REQUIRE(read(ready[0], &byte, 1) == 1);
}

// A large file of shared memory that is nearly all holes, in which a pointer lies.
MARKER void in_a_sparse_file(const char* path) {
    const int file = open(path, O_RDWR | O_CREAT, 0600);
    REQUIRE(file >= 0 && ftruncate(file, 64 << 20) == 0);
    char* start = mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    REQUIRE(start != MAP_FAILED && close(file) == 0);
    *(void**)(start + (40 << 20)) = malloc(100);
    expect_reachable("in_a_sparse_file");
}

// Guard pages that no list of mappings shows, as libc lays them below stacks since 2.42: in a
// block, and in the program's own memory, with pointers behind them. Older kernels have none:
// nothing else changes then.
MARKER void behind_guards(void) {
    enum { kPage = 4096, kGuardInstall = 102 };
    char* block = aligned_alloc(kPage, 8 * kPage);
    char* mapping =
        mmap(NULL, 40 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(block && mapping != MAP_FAILED);
    memset(block, 0, 8 * kPage);
    memset(mapping, 0, 40 * kPage);
    madvise(block + kPage, 2 * kPage, kGuardInstall);
    madvise(mapping, 20 * kPage, kGuardInstall);
    kept[1] = block;
    // Zeroed: what libc kept in this memory before led to its neighbours.
    *(void**)(block + 4 * kPage) = calloc(1, 100);
    *(void**)(mapping + 30 * kPage) = calloc(1, 100);
    expect_reach("behind_guards", 0, 0, 0, 3);
}

int main(int count, char** arguments) {
    REQUIRE(count >= 2);
    const char* what = arguments[1];
    lost();
    if (strcmp(what, "withheld") == 0) {
        withheld();
        expect_possible("lost");
    } else if (strcmp(what, "ignored") == 0) {
        ignored();
        expect_lost("lost");
    } else if (strcmp(what, "sparse") == 0) {
        REQUIRE(count == 3);
        in_a_sparse_file(arguments[2]);
        expect_lost("lost");
    } else if (strcmp(what, "guards") == 0) {
        behind_guards();
        expect_lost("lost");
    } else if (strcmp(what, "traced") == 0) {
        traced();
        expect_possible("lost");
    } else if (strcmp(what, "forked") == 0) {
        if (fork() != 0) {
            int status;
            REQUIRE(wait(&status) > 0 && status == 0);
            expect_lost("lost");
        } else {
            keep(malloc(hidden_size(100000)));
            return 0;
        }
    }
    READ_BY_SOMEBODY(kept);
    wipe_stack();
    tell_reach();
    return 0;
}
