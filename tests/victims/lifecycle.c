// Before main and after it: preinit array, constructors of a library and of the executable,
// atexit handlers, destructors. What happens behind the line of truth is known beforehand.
#include "truth.h"

void* block_of_early_library(void);

MARKER void preinit_3x40(void) {
    for (int i = 0; i < 3; ++i) keep(malloc(40));
}

__attribute__((section(".preinit_array"), used)) static void (*preinit)(void) = preinit_3x40;

MARKER void constructor_2x90(void) {
    keep(malloc(90));
    free(keep(malloc(90)));
}

__attribute__((constructor)) static void start(void) {
    constructor_2x90();
}

MARKER void atexit_handler_300(void) {
    keep(malloc(300));
    free(keep(malloc(300)));
}

MARKER void destructor_500(void) {
    keep(malloc(500));
}

__attribute__((destructor)) static void stop(void) {
    destructor_500();
}

int main(void) {
    REQUIRE(atexit(atexit_handler_300) == 0);
    free(block_of_early_library());
    expect("preinit_3x40", 3, 120, 0, 120);
    expect("constructor_2x90", 2, 180, 1, 90);
    expect("library_constructor_5x200", 6, 1200, 2, 800);
    expect("library_destructor_150", 1, 150, 0, 150);
    expect("atexit_handler_300", 2, 600, 1, 300);
    expect("destructor_500", 1, 500, 0, 500);
    tell_truth();
    return 3;
}
