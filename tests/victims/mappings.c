// mmap, mremap and munmap called by the program itself, with the ways of splitting a mapping.
#include <sys/mman.h>

#include "truth.h"

enum { kPage = 4096 };

static void* map_pages(size_t pages) {
    void* start =
        mmap(NULL, pages * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(start != MAP_FAILED);
    return start;
}
// A macro, so that the marker itself is the caller of mmap.
#define MAP_PAGES(pages)                                                   \
    ((char*)keep(mmap(NULL, (size_t)(pages)*kPage, PROT_READ | PROT_WRITE, \
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)))

MARKER void mapped_3x5_pages(void) {
    for (int i = 0; i < 3; ++i) REQUIRE(MAP_PAGES(5) != MAP_FAILED);
    expect_mapping("mapped_3x5_pages", 3, 15 * kPage, 0, 15 * kPage);
}

MARKER void mapped_and_unmapped(void) {
    REQUIRE(munmap(MAP_PAGES(4), 4 * kPage) == 0);
    expect_mapping("mapped_and_unmapped", 1, 4 * kPage, 1, 0);
}

MARKER void unmapped_at_start(void) {
    REQUIRE(munmap(MAP_PAGES(10), 3 * kPage) == 0);
    expect_mapping("unmapped_at_start", kAny, kAny, kAny, 7 * kPage);
}

MARKER void unmapped_at_end(void) {
    char* start = MAP_PAGES(10);
    REQUIRE(munmap(start + 6 * kPage, 4 * kPage) == 0);
    expect_mapping("unmapped_at_end", kAny, kAny, kAny, 6 * kPage);
}

MARKER void unmapped_in_the_middle(void) {
    char* start = MAP_PAGES(10);
    REQUIRE(munmap(start + 4 * kPage, 2 * kPage) == 0);
    start[0] = start[9 * kPage] = 1;
    expect_mapping("unmapped_in_the_middle", kAny, kAny, kAny, 8 * kPage);
}

MARKER void unmapped_in_three_parts(void) {
    char* start = MAP_PAGES(9);
    REQUIRE(munmap(start + 3 * kPage, 3 * kPage) == 0);
    REQUIRE(munmap(start, 3 * kPage) == 0);
    REQUIRE(munmap(start + 6 * kPage, 3 * kPage) == 0);
    expect_mapping("unmapped_in_three_parts", kAny, kAny, kAny, 0);
}

MARKER char* overlaid_from_below(void) {
    expect_mapping("overlaid_from_below", kAny, kAny, kAny, 5 * kPage);
    return MAP_PAGES(8);
}

MARKER void overlay_of_3_pages(char* start) {
    REQUIRE(mmap(start + 2 * kPage, 3 * kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
                 -1, 0) == start + 2 * kPage);
    expect_mapping("overlay_of_3_pages", 1, 3 * kPage, 0, 3 * kPage);
}

MARKER void unmapped_across_two(void) {
    char* start = MAP_PAGES(8);
    REQUIRE(mmap(start + 4 * kPage, 4 * kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
                 -1, 0) == start + 4 * kPage);
    REQUIRE(munmap(start + 2 * kPage, 4 * kPage) == 0);
    expect_mapping("unmapped_across_two", kAny, kAny, kAny, 4 * kPage);
}

MARKER void remapped_2_to_20_pages(void) {
    char* start = MAP_PAGES(2);
    start[kPage] = 'r';
    start = mremap(start, 2 * kPage, 20 * kPage, MREMAP_MAYMOVE);
    REQUIRE(start != MAP_FAILED && start[kPage] == 'r');
    expect_mapping("remapped_2_to_20_pages", kAny, kAny, kAny, 20 * kPage);
}

MARKER void remapped_20_to_2_pages(void) {
    char* start = MAP_PAGES(20);
    REQUIRE(mremap(start, 20 * kPage, 2 * kPage, 0) == start);
    expect_mapping("remapped_20_to_2_pages", kAny, kAny, kAny, 2 * kPage);
}

MARKER void remap_failing_6_pages(void) {
    char* start = MAP_PAGES(6);
    errno = 0;
    REQUIRE(mremap(start, 6 * kPage, (size_t)1 << 46, MREMAP_MAYMOVE) == MAP_FAILED);
    REQUIRE(errno == ENOMEM);
    expect_mapping("remap_failing_6_pages", 1, 6 * kPage, 0, 6 * kPage);
}

// Refused by the kernel, each for another reason: nothing is unmapped.
MARKER void unmap_refused_7_pages(void) {
    char* start = MAP_PAGES(7);
    REQUIRE(munmap(start, hidden_size(SIZE_MAX - kPage)) == -1 && errno == EINVAL);
    REQUIRE(munmap(start, hidden_size((size_t)1 << 62)) == -1 && errno == EINVAL);
    REQUIRE(munmap(start + 1, kPage) == -1 && errno == EINVAL);
    REQUIRE(munmap(start, hidden_size(0)) == -1 && errno == EINVAL);
    start[0] = start[7 * kPage - 1] = 1;
    expect_mapping("unmap_refused_7_pages", 1, 7 * kPage, 0, 7 * kPage);
}

MARKER void mapping_failing(void) {
    errno = 0;
    REQUIRE(mmap(NULL, hidden_size(0), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
            MAP_FAILED);
    REQUIRE(errno == EINVAL);
    expect_mapping("mapping_failing", 0, 0, 0, 0);
}

MARKER void protected_4_pages(void) {
    char* start = MAP_PAGES(4);
    REQUIRE(mprotect(start, 2 * kPage, PROT_NONE) == 0);
    REQUIRE(mprotect(start, 2 * kPage, PROT_READ | PROT_WRITE) == 0);
    REQUIRE(madvise(start, 4 * kPage, MADV_DONTNEED) == 0);
    expect_mapping("protected_4_pages", 1, 4 * kPage, 0, 4 * kPage);
}

MARKER void unmapped_odd_length(void) {
    char* start = mmap(NULL, 5000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(start != MAP_FAILED && munmap(start, 4097) == 0);
    expect_mapping("unmapped_odd_length", 1, kAny, 1, 0);
}

MARKER void* mapped_here_freed_there(void) {
    expect_mapping("mapped_here_freed_there", 1, 3 * kPage, 1, 0);
    return MAP_PAGES(3);
}

// A large malloc is a mapping of the allocator's: heap, and in no way a mapping of ours.
MARKER void malloc_of_one_mapping(void) {
    REQUIRE(keep(malloc(1 << 20)) != NULL);
    expect("malloc_of_one_mapping", 1, 1 << 20, 0, 1 << 20);
}

int main(void) {
    mapped_3x5_pages();
    mapped_and_unmapped();
    unmapped_at_start();
    unmapped_at_end();
    unmapped_in_the_middle();
    unmapped_in_three_parts();
    overlay_of_3_pages(overlaid_from_below());
    unmapped_across_two();
    remapped_2_to_20_pages();
    remapped_20_to_2_pages();
    remap_failing_6_pages();
    unmap_refused_7_pages();
    mapping_failing();
    protected_4_pages();
    unmapped_odd_length();
    REQUIRE(munmap(mapped_here_freed_there(), 3 * kPage) == 0);
    malloc_of_one_mapping();
    // Many at once, freed in an order that splits and joins whatever holds the ranges.
    char* many = map_pages(512);
    for (size_t i = 0; i < 512; i += 2) REQUIRE(munmap(many + i * kPage, kPage) == 0);
    for (size_t i = 1; i < 512; i += 2) REQUIRE(munmap(many + i * kPage, kPage) == 0);
    tell_truth();
    return 0;
}
