// Takes the recorder's descriptors away, then makes the session grow: 2^13 new call stacks, each
// with 100 bytes. own_stderr: puts a file of its own in stderr's place, and lets no file grow.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "stacks.h"

enum { kDepth = 13, kStacks = 1 << kDepth };

MARKER void grows_after_loss(void) {
    branch(kDepth, 100);
    expect_through("grows_after_loss", kStacks, kStacks * 100, 0, kStacks * 100);
}

// Whatever descriptor the recorder might still hold now points to this file: it must stay empty.
static int decoy(void) {
    const int fd = open("decoy", O_RDWR | O_CREAT | O_TRUNC, 0600);
    REQUIRE(fd >= 0);
    for (int other = 3; other < 200; ++other)
        if (other != fd) REQUIRE(dup2(fd, other) == other);
    return fd;
}

static void limit(int resource, rlim_t value) {
    const struct rlimit limits = {value, value};
    REQUIRE(setrlimit(resource, &limits) == 0);
}

static int own_file_as_stderr(void) {
    const int fd = open("decoy", O_RDWR | O_CREAT | O_TRUNC, 0600);
    REQUIRE(fd >= 0 && dup2(fd, 2) == 2);
    limit(RLIMIT_FSIZE, 65536);
    return fd;
}

int main(int argc, char** argv) {
    const char* mode = argc > 1 ? argv[1] : "";
    int fd = -1;
    if (strcmp(mode, "closefrom") == 0) closefrom(3);
    if (strcmp(mode, "close_range") == 0) REQUIRE(close_range(3, ~0u, 0) == 0);
    if (strcmp(mode, "dup2") == 0) fd = decoy();
    if (strcmp(mode, "own_stderr") == 0) fd = own_file_as_stderr();
    if (strcmp(mode, "nofile") == 0) limit(RLIMIT_NOFILE, 0);
    grows_after_loss();
    if (fd >= 0) {
        struct stat status;
        REQUIRE(fstat(fd, &status) == 0 && status.st_size == 0 && status.st_blocks == 0);
        REQUIRE(unlink("decoy") == 0);
    }
    tell_truth();
    return 0;
}
