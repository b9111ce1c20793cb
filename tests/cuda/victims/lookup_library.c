// NAME: of the library. Each defines the same function, and asks for the next one.
#include <dlfcn.h>
#include <stddef.h>

#define TEXT_OF(name) #name
#define TEXT(name) TEXT_OF(name)
#define JOIN_THEM(left, right) left##right
#define JOIN(left, right) JOIN_THEM(left, right)

const char* defined_in_each(void) {
    return TEXT(NAME);
}
const char* cuckoo(void) {
    return TEXT(NAME);
}

const char* JOIN(ask_next_from_, NAME)(void) {
    const char* (*next)(void) = (const char* (*)(void))dlsym(RTLD_NEXT, "defined_in_each");
    const char* (*like_driver)(void) = (const char* (*)(void))dlsym(RTLD_NEXT, "cuckoo");
    if ((next == NULL) != (like_driver == NULL)) return "two answers";
    return next == NULL ? "nothing" : next();
}
