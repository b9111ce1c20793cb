// Functions of libc that allocate for their caller: none is interposed, each is seen through
// the malloc that it calls, with libc's function between malloc and the marker.
#include <locale.h>

#include "truth.h"

MARKER void strdup_5x11(void) {
    for (int i = 0; i < 5; ++i) REQUIRE(keep(strdup("0123456789")) != NULL);
    expect_through("strdup_5x11", 5, 55, 0, 55);
}

MARKER void strndup_5(void) {
    REQUIRE(strlen(keep(strndup("0123456789", 4))) == 4);
    expect_through("strndup_5", 1, 5, 0, 5);
}

MARKER void asprintf_live_8(void) {
    char* text = NULL;
    REQUIRE(asprintf(&text, "%d-%s", 123, "abc") == 7);
    keep(text);
    expect_through("asprintf_live_8", kSome, kSome, kAny, 8);
}

MARKER void getline_freed(void) {
    FILE* file = fopen("/proc/self/status", "r");
    REQUIRE(file != NULL);
    char* line = NULL;
    size_t size = 0;
    int lines = 0;
    while (getline(&line, &size, file) >= 0) ++lines;
    REQUIRE(lines > 5);
    free(line);
    fclose(file);
    expect_through("getline_freed", kSome, kSome, kSome, 0);
}

MARKER void fopen_left_open(void) {
    REQUIRE(keep(fopen("/dev/null", "r")) != NULL);
    expect_through("fopen_left_open", 1, kSome, 0, kSome);
}

MARKER void setenv_twice(void) {
    REQUIRE(setenv("VICTIM_VARIABLE", "one", 1) == 0);
    REQUIRE(setenv("VICTIM_VARIABLE", "two", 1) == 0);
    expect_through("setenv_twice", kSome, kSome, kAny, kSome);
}

MARKER void setlocale_utf8(void) {
    const char* locale = setlocale(LC_ALL, "C.UTF-8");
    REQUIRE(locale != NULL);
    expect_through("setlocale_utf8", kSome, kSome, kAny, kSome);
}

MARKER void qsort_10000_longs(void) {
    static long values[10000];
    for (long i = 0; i < 10000; ++i) values[i] = (i * 7919) % 10007;
    extern int compare_longs(const void*, const void*);
    qsort(values, 10000, sizeof values[0], compare_longs);
    REQUIRE(values[0] <= values[1] && values[9998] <= values[9999]);
    expect_through("qsort_10000_longs", 1, 80000, 1, 0);
}

int compare_longs(const void* left, const void* right) {
    const long a = *(const long*)left;
    const long b = *(const long*)right;
    return (a > b) - (a < b);
}

int main(void) {
    strdup_5x11();
    strndup_5();
    asprintf_live_8();
    getline_freed();
    fopen_left_open();
    setenv_twice();
    setlocale_utf8();
    qsort_10000_longs();
    tell_truth();
    return 0;
}
