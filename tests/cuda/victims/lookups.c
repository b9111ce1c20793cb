// Every way to ask the loader for a function, and what it answers: the same with the recorder as
// without, for it stands in for dlsym. Prints one line for each question.
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "tests/victims/truth.h"

const char* ask_next_from_second(void);
const char* ask_next_from_third(void);

static void show(const char* question, void* found) {
    Dl_info info;
    const char* module = "nowhere";
    if (found != NULL && dladdr(found, &info) != 0) {
        const char* slash = strrchr(info.dli_fname, '/');
        module = slash == NULL ? info.dli_fname : slash + 1;
    }
    const char* failure = dlerror();
    if (failure != NULL) {
        // The path before the first colon is where the test lies.
        const char* colon = strstr(failure, ": ");
        failure = colon == NULL ? failure : colon + 2;
    }
    printf("%s: %s; %s\n", question, module, failure == NULL ? "no error" : failure);
}

int main(int argc, char** argv) {
    REQUIRE(argc == 2);
    show("a function of libc's", dlsym(RTLD_DEFAULT, "qsort"));
    show("the next of libc's", dlsym(RTLD_NEXT, "qsort"));
    show("an old version", dlvsym(RTLD_DEFAULT, "memcpy", "GLIBC_2.2.5"));
    show("a newer version", dlvsym(RTLD_DEFAULT, "memcpy", "GLIBC_2.14"));
    show("no such version", dlvsym(RTLD_DEFAULT, "memcpy", "GLIBC_9.9"));
    show("nothing", dlsym(RTLD_DEFAULT, "no_such_function"));
    show("dlsym by version 2.34", dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34"));
    show("dlsym by version 2.2.5", dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5"));
    printf("the next behind libsecond: %s\n", ask_next_from_second());
    printf("the next behind libthird: %s\n", ask_next_from_third());
    // Begins with the driver's two letters.
    show("a name like the driver's", dlsym(RTLD_DEFAULT, "cuckoo"));
    show("the next of that name", dlsym(RTLD_NEXT, "cuckoo"));
    show("two letters", dlsym(RTLD_DEFAULT, "cu"));
    show("no letter", dlsym(RTLD_DEFAULT, ""));
    show("the driver's function, without a driver", dlsym(RTLD_DEFAULT, "cuMemAlloc_v2"));
    show("the next of it", dlsym(RTLD_NEXT, "cuMemAlloc_v2"));
    show("a version of it", dlvsym(RTLD_DEFAULT, "cuMemAlloc_v2", "CUDA_1"));
    show("the driver's first function", dlsym(RTLD_DEFAULT, "cuInit"));
    void* self = dlopen(NULL, RTLD_LAZY);
    show("by the program's handle", dlsym(self, "cuckoo"));
    show("the driver's, by the program's handle", dlsym(self, "cuMemFree_v2"));

    // A plugin for itself alone sees what it brought.
    void* plugin = dlopen(argv[1], RTLD_LAZY | RTLD_LOCAL);
    REQUIRE(plugin != NULL);
    const char* (*ask)(void) = (const char* (*)(void))dlsym(plugin, "ask_default_from_plugin");
    REQUIRE(ask != NULL);
    printf("a plugin's own: %s\n", ask());
    show("a plugin's, from outside", dlsym(RTLD_DEFAULT, "only_in_plugin"));
    return 0;
}
