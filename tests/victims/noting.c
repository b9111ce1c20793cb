// Notes each of its operations in a file that it shares with the harness, and waits to be killed.
// Arguments: the file, and the number of threads. Before an operation `begun` is raised and what
// it will add is written beside; after it the sums are brought up to date and `done` is raised.
// Killed at any instant, begun - done is 0 or 1 in each thread, and the sums are those of `done`
// operations, once the reader has looked at which of the two copies is the finished one.
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "truth.h"

enum { kMaxThreads = 8, kHeld = 512 };

struct Sums {
    uint64_t allocations;
    uint64_t allocated_bytes;
    uint64_t deallocations;
    uint64_t deallocated_bytes;
};

// Two copies of the sums in turns: sums[done % 2] is complete at any instant.
struct Note {
    _Atomic uint64_t begun;
    _Atomic uint64_t done;
    struct Sums sums[2];
    uint64_t step_size;  // bytes at stake in the operation that may be in flight
    uint64_t reserved[5];
};

static struct Note* notes;

static void begin(struct Note* note, uint64_t bytes) {
    note->step_size = bytes;
    atomic_store_explicit(&note->begun, note->begun + 1, memory_order_seq_cst);
}

static void finish(struct Note* note, int allocations, uint64_t allocated, int deallocations,
                   uint64_t deallocated) {
    const uint64_t done = note->done;
    struct Sums sums = note->sums[done % 2];
    sums.allocations += (uint64_t)allocations;
    sums.allocated_bytes += allocated;
    sums.deallocations += (uint64_t)deallocations;
    sums.deallocated_bytes += deallocated;
    note->sums[(done + 1) % 2] = sums;
    atomic_store_explicit(&note->done, done + 1, memory_order_seq_cst);
}

MARKER void* noted_operations(void* argument) {
    struct Note* note = argument;
    static _Thread_local void* blocks[kHeld];
    static _Thread_local size_t sizes[kHeld];
    uint64_t state = (uint64_t)(uintptr_t)argument;
    for (;;) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        const size_t slot = (state >> 33) % kHeld;
        const size_t size = (state >> 45) % 700 + 1;
        if (blocks[slot] == NULL) {
            begin(note, size);
            blocks[slot] = malloc(size);
            finish(note, 1, size, 0, 0);
            sizes[slot] = size;
        } else if ((state >> 60) == 0) {
            begin(note, size > sizes[slot] ? size : sizes[slot]);
            blocks[slot] = realloc(blocks[slot], size);
            finish(note, 1, size, 1, sizes[slot]);
            sizes[slot] = size;
        } else {
            begin(note, sizes[slot]);
            free(blocks[slot]);
            finish(note, 0, 0, 1, sizes[slot]);
            blocks[slot] = NULL;
        }
    }
    return NULL;
}

int main(int argc, char** argv) {
    REQUIRE(argc == 3);
    const int threads = atoi(argv[2]);
    const size_t size = sizeof(struct Note) * kMaxThreads;
    const int fd = open(argv[1], O_RDWR | O_CREAT, 0600);
    REQUIRE(fd >= 0 && ftruncate(fd, (off_t)size) == 0);
    notes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    REQUIRE(notes != MAP_FAILED && threads >= 1 && threads <= kMaxThreads);
    for (int i = 1; i < threads; ++i) {
        pthread_t thread;
        REQUIRE(pthread_create(&thread, NULL, noted_operations, &notes[i]) == 0);
    }
    noted_operations(&notes[0]);
    return 1;
}
