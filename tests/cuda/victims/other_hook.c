// Another library that stands in for dlsym, as those that divide a GPU among programs do: counts
// the calls that reach it, and goes on by a call.
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>

typedef void* (*Lookup)(void*, const char*);

static int calls;

void* dlsym(void* handle, const char* name) {
    static Lookup next;
    if (next == NULL) next = (Lookup)dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
    __atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
    return next(handle, name);
}

__attribute__((destructor)) static void tell(void) {
    fprintf(stderr, "the other hook was%s called\n", calls > 0 ? "" : " not");
}
