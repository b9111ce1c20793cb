// One of the toolkit's libraries, which brings a runtime of its own: the first thing that is done
// with it. Arguments: the library's file, the function; on a real driver also for how many seconds
// to go on, and to leak what is made.
#include <dlfcn.h>
#include <stdio.h>
#include <time.h>

#include "tests/victims/truth.h"

// Each takes where to put what it makes, and no more than these: cublasCreate_v2 nothing, curand
// the kind of generator, cuFFT the size, the kind and the number of transforms, NCCL the number of
// devices and which.
typedef int (*Create)(void* made, long first, long second, long third);

MARKER int leaks_handles(Create create, const char* name) {
    static char made[4096];
    if (strncmp(name, "cufft", 5) == 0) return create(made, 256, 0x29, 1);
    if (strncmp(name, "nccl", 4) == 0) return create(made, 1, 0, 0);
    return create(made, 100, 0, 0);
}

int main(int argc, char** argv) {
    REQUIRE(argc == 3 || argc == 4);
    void* library = dlopen(argv[1], RTLD_NOW);
    if (library == NULL) {
        printf("%s\n", dlerror());
        return 1;
    }
    const Create create = (Create)dlsym(library, argv[2]);
    REQUIRE(create != NULL);
    const time_t end = time(NULL) + (argc == 4 ? atoi(argv[3]) : 0);
    int result = leaks_handles(create, argv[2]);
    while (result == 0 && time(NULL) < end) {
        const struct timespec pause = {0, 40000000};
        nanosleep(&pause, NULL);
        result = leaks_handles(create, argv[2]);
    }
    printf("%s returned %d\n", argv[2], result);
    return 0;
}
