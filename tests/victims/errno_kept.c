// No interposed function changes errno when it succeeds, and free never does: not in the calls
// that reach into the kernel for the recorder's own needs either.
#include <malloc.h>
#include <sys/mman.h>

#include "stacks.h"

#define KEEPS_ERRNO(action)     \
    do {                        \
        errno = 4711;           \
        action;                 \
        REQUIRE(errno == 4711); \
    } while (0)

int main(void) {
    for (int i = 0; i < 3000; ++i) {
        void* block = NULL;
        const size_t size = (size_t)i * 200 + 1;
        KEEPS_ERRNO(block = keep(malloc(size)));
        KEEPS_ERRNO(REQUIRE(malloc_usable_size(block) >= size));
        KEEPS_ERRNO(block = keep(realloc(block, size / 2 + 1)));
        KEEPS_ERRNO(free(block));
        KEEPS_ERRNO(block = keep(calloc(size, 2)));
        KEEPS_ERRNO(free(block));
        KEEPS_ERRNO(REQUIRE(posix_memalign(&block, 64, size) == 0));
        KEEPS_ERRNO(free(block));
    }
    KEEPS_ERRNO(free(NULL));
    KEEPS_ERRNO(branch(12, 40));
    void* volatile map = NULL;
    KEEPS_ERRNO(map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    KEEPS_ERRNO(munmap(map, 4096));
    void* unchanged = (void*)1;
    errno = 4711;
    REQUIRE(posix_memalign(&unchanged, hidden_size(3), 1) == EINVAL);
    tell_truth();
    return 0;
}
