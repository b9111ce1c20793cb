// Brings rules for leaks along, as programs do that are built with LeakSanitizer.
#include "truth.h"

const char* __lsan_default_suppressions(void);

#ifdef COMPUTED_RULES
const char* __lsan_default_suppressions(void) {
    return getenv("NO_SUCH_VARIABLE") == NULL ? "leak:known_lost\n" : "leak:lost\n";
}
#else
const char* __lsan_default_suppressions(void) {
    return "# known for years\n"
           "leak:known_lost\n"
           "leak:never_seen\n";
}
#endif

MARKER void known_lost(void) {
    for (int i = 0; i < 4; ++i) keep(malloc(400));
    expect("known_lost", 4, 1600, 0, 1600);
}

MARKER void other_lost(void) {
    for (int i = 0; i < 5; ++i) keep(malloc(500));
    expect("other_lost", 5, 2500, 0, 2500);
}

int main(void) {
    known_lost();
    other_lost();
    tell_truth();
    return 0;
}
