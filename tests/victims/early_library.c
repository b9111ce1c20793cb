// A library that allocates and frees in a constructor that runs before those of most others.
#include <stdlib.h>

#include "truth.h"

static void* kept_for_main;

MARKER void library_constructor_5x200(void) {
    free(NULL);
    for (int i = 0; i < 5; ++i) kept_for_main = keep(malloc(200));
    free(kept_for_main);
    kept_for_main = keep(malloc(200));
}

__attribute__((constructor(101))) static void start(void) {
    library_constructor_5x200();
}

MARKER void library_destructor_150(void) {
    keep(malloc(150));
}

__attribute__((destructor(101))) static void stop(void) {
    library_destructor_150();
}

MARKER void* block_of_early_library(void) {
    return kept_for_main;
}
