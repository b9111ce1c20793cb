// A library to preload whose hooks only forward: what standing in for malloc and free costs before
// anything is recorded.
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

typedef void* (*Malloc)(size_t);
typedef void* (*Calloc)(size_t, size_t);
typedef void* (*Realloc)(void*, size_t);
typedef void (*Free)(void*);
typedef int (*PosixMemalign)(void**, size_t, size_t);
typedef void* (*Memalign)(size_t, size_t);

static struct {
    Malloc malloc;
    Calloc calloc;
    Realloc realloc;
    Free free;
    PosixMemalign posix_memalign;
    Memalign aligned_alloc;
    Memalign memalign;
} next;

// What dlsym itself allocates while the functions are looked up; never given back.
static _Alignas(16) char early[4096];
static size_t early_used;

static int is_early(const void* block) {
    return (const char*)block >= early && (const char*)block < early + sizeof(early);
}

static void* early_zeroed(size_t size) {
    const size_t begin = early_used;
    early_used += (size + 15) & ~(size_t)15;
    return early_used <= sizeof(early) ? early + begin : NULL;
}

static int looking_up;

static int find_next(void) {
    if (looking_up) return 0;
    looking_up = 1;
    next.calloc = (Calloc)dlsym(RTLD_NEXT, "calloc");
    next.realloc = (Realloc)dlsym(RTLD_NEXT, "realloc");
    next.free = (Free)dlsym(RTLD_NEXT, "free");
    next.posix_memalign = (PosixMemalign)dlsym(RTLD_NEXT, "posix_memalign");
    next.aligned_alloc = (Memalign)dlsym(RTLD_NEXT, "aligned_alloc");
    next.memalign = (Memalign)dlsym(RTLD_NEXT, "memalign");
    next.malloc = (Malloc)dlsym(RTLD_NEXT, "malloc");
    looking_up = 0;
    return 1;
}

#define READY() (__builtin_expect(next.malloc != NULL, 1) || find_next())

void* malloc(size_t size) {
    return READY() ? next.malloc(size) : early_zeroed(size);
}

void* calloc(size_t count, size_t size) {
    return READY() ? next.calloc(count, size) : early_zeroed(count * size);
}

void* realloc(void* block, size_t size) {
    if (!READY()) return NULL;
    if (__builtin_expect(!is_early(block), 1)) return next.realloc(block, size);
    void* moved = next.malloc(size);
    const size_t rest = (size_t)(early + sizeof(early) - (char*)block);
    if (moved != NULL) memcpy(moved, block, size < rest ? size : rest);
    return moved;
}

void free(void* block) {
    if (__builtin_expect(!is_early(block), 1) && READY()) next.free(block);
}

int posix_memalign(void** block, size_t alignment, size_t size) {
    return READY() ? next.posix_memalign(block, alignment, size) : ENOMEM;
}

void* aligned_alloc(size_t alignment, size_t size) {
    return READY() ? next.aligned_alloc(alignment, size) : NULL;
}

void* memalign(size_t alignment, size_t size) {
    return READY() ? next.memalign(alignment, size) : NULL;
}
