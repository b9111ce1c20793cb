// Keeps some device memory and leaks more, bit by bit, for as many seconds as the argument says.
#include <stdlib.h>
#include <time.h>

#include "tests/cuda/runtime/runtime.h"
#include "tests/victims/truth.h"

MARKER void keeps(void) {
    void* pointer;
    REQUIRE(cudaMalloc(&pointer, 100 << 20) == 0);
}
MARKER void leaks_device_memory(void) {
    void* pointer;
    REQUIRE(cudaMalloc(&pointer, 4096) == 0);
}
MARKER void passes_through(void) {
    void* pointer;
    REQUIRE(cudaMalloc(&pointer, 8192) == 0 && cudaFree(pointer) == 0);
}
MARKER void leaks_pinned_memory(void) {
    void* pointer;
    REQUIRE(cudaHostAlloc(&pointer, 4096, 0) == 0);
}

int main(int argc, char** argv) {
    REQUIRE(argc == 2);
    struct timespec begin, now;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    const double seconds = atof(argv[1]);
    keeps();
    do {
        for (int i = 0; i < 20; ++i) {
            leaks_device_memory();
            passes_through();
        }
        leaks_pinned_memory();
        const struct timespec pause = {0, 10000000};
        nanosleep(&pause, NULL);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((double)(now.tv_sec - begin.tv_sec) + (double)(now.tv_nsec - begin.tv_nsec) / 1e9 <
             seconds);
    return 0;
}
