// A plugin, built several times under different names, with code of the same size: PLUGIN_NAME is
// its marker, and one copy may be loaded where another one was.
#include "truth.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

MARKER void JOIN(constructor_of_, PLUGIN_NAME)(void) {
    keep(malloc(25));
    free(keep(malloc(25)));
}

__attribute__((constructor)) static void start(void) {
    JOIN(constructor_of_, PLUGIN_NAME)();
}

MARKER void* JOIN(work_of_, PLUGIN_NAME)(size_t size) {
    return keep(malloc(size));
}

void* plugin_work(size_t size) {
    return JOIN(work_of_, PLUGIN_NAME)(size);
}
