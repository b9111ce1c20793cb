// What a victim knows about itself. A victim does its work in marker functions, whose frames
// appear in the recorded call stacks under their own names, and at its end prints what each of
// them has allocated and deallocated as one line of JSON. The end-to-end tests compare that line
// with the rows that have the marker among their frames.
//
// Nothing here allocates: a victim must not disturb its own figures.
#pragma once

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// noipa: a marker that were inlined, cloned or merged would have no frame of its own.
#ifdef __clang__
#define TRUTH_ALONE __attribute__((noinline, optnone))
#else
#define TRUTH_ALONE __attribute__((noipa))
#endif
#ifdef __cplusplus
#define MARKER extern "C" TRUTH_ALONE
#define TRUTH_NORETURN [[noreturn]]
#else
#define MARKER TRUTH_ALONE
#define TRUTH_NORETURN _Noreturn
#endif

// In place of a figure: not asserted, or only that it is above zero.
enum { kAny = -1, kSome = -2 };

struct Truth {
    const char* marker;
    const char* function;  // innermost frame of each row, or NULL where it is not asserted
    const char* domain;
    int64_t allocations;
    int64_t allocated_bytes;
    int64_t deallocations;
    int64_t live_bytes;
};

static struct Truth truth_table[128];
static int truth_count;

TRUTH_NORETURN static inline void truth_failed(const char* file, int line, const char* what) {
    char text[512];
    const int size = snprintf(text, sizeof text, "%s:%d: does not hold: %s (errno %d)\n", file,
                              line, what, errno);
    if (write(2, text, (size_t)size) < 0) _exit(98);
    _exit(99);
}

// What must hold in the victim itself, with the recorder and without.
#define REQUIRE(condition) ((condition) ? (void)0 : truth_failed(__FILE__, __LINE__, #condition))

static inline void expect_from(const char* domain, const char* function, const char* marker,
                               int64_t allocations, int64_t allocated_bytes, int64_t deallocations,
                               int64_t live_bytes) {
    REQUIRE(truth_count < (int)(sizeof truth_table / sizeof truth_table[0]));
    const struct Truth truth = {marker,          function,      domain,    allocations,
                                allocated_bytes, deallocations, live_bytes};
    truth_table[truth_count++] = truth;
}

// The marker calls the allocating function itself, so it is the innermost frame.
static inline void expect(const char* marker, int64_t allocations, int64_t allocated_bytes,
                          int64_t deallocations, int64_t live_bytes) {
    expect_from("heap", marker, marker, allocations, allocated_bytes, deallocations, live_bytes);
}

// The marker allocates through another function, or through several.
static inline void expect_through(const char* marker, int64_t allocations, int64_t allocated_bytes,
                                  int64_t deallocations, int64_t live_bytes) {
    expect_from("heap", NULL, marker, allocations, allocated_bytes, deallocations, live_bytes);
}

static inline void expect_mapping(const char* marker, int64_t allocations, int64_t allocated_bytes,
                                  int64_t deallocations, int64_t live_bytes) {
    expect_from("mapping", marker, marker, allocations, allocated_bytes, deallocations, live_bytes);
}

static inline void tell_truth_to(int fd) {
    static char text[128 * 256];
    size_t used = (size_t)snprintf(text, sizeof text, "{\"truth\": [");
    for (int i = 0; i < truth_count; ++i) {
        const struct Truth* truth = &truth_table[i];
        used += (size_t)snprintf(
            text + used, sizeof text - used,
            "%s{\"marker\": \"%s\", \"function\": \"%s\", \"domain\": \"%s\", \"allocations\": "
            "%lld, "
            "\"allocated_bytes\": %lld, \"deallocations\": %lld, \"live_bytes\": %lld}",
            i == 0 ? "" : ", ", truth->marker, truth->function == NULL ? "" : truth->function,
            truth->domain, (long long)truth->allocations, (long long)truth->allocated_bytes,
            (long long)truth->deallocations, (long long)truth->live_bytes);
    }
    used += (size_t)snprintf(text + used, sizeof text - used, "]}\n");
    REQUIRE(write(fd, text, used) == (ssize_t)used);
}

static inline void tell_truth(void) {
    tell_truth_to(1);
}

// Hides from the compiler where a pointer came from and whether it is used again.
static inline void* keep(void* pointer) {
    __asm__ volatile("" : "+r"(pointer) : : "memory");
    return pointer;
}

static inline size_t hidden_size(size_t size) {
    __asm__ volatile("" : "+r"(size));
    return size;
}
