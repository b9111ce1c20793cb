/* A native module with a leak: it forgets the block that it had. */
#include <stdlib.h>
#include <string.h>

static char* volatile last;

__attribute__((noipa)) void keep_last(const char* text) {
#ifndef SAMPLE_LEAK
    free(last);
#endif
    last = strdup(text);
}
