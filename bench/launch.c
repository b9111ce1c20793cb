// Runs a program, as often as asked, and says what it took: launch REPORT TIMES [NAME=VALUE…] --
// PROGRAM ARGUMENT…. Small, because a program's peak memory, as wait4 tells it, begins with that of
// the process that started it.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char** environ;

static void fail(const char* what, int error) {
    fprintf(stderr, "launch: %s: %s\n", what, strerror(error));
    exit(125);
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static uint64_t nanoseconds(struct timeval time) {
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_usec * 1000u;
}

// The variables of this process, with those given added.
static char** child_environment(char** given, int count) {
    size_t kept = 0;
    while (environ[kept] != NULL) ++kept;
    char** variables = calloc(kept + (size_t)count + 1, sizeof(char*));
    if (variables == NULL) fail("environment", ENOMEM);
    memcpy(variables, environ, kept * sizeof(char*));
    memcpy(variables + kept, given, (size_t)count * sizeof(char*));
    return variables;
}

int main(int count, char** words) {
    int separator = 3;
    while (separator < count && strcmp(words[separator], "--") != 0) ++separator;
    if (separator + 1 >= count) {
        fprintf(stderr, "usage: launch REPORT TIMES [NAME=VALUE…] -- PROGRAM ARGUMENT…\n");
        return 2;
    }
    char** variables = child_environment(words + 3, separator - 3);
    uint64_t wall = 0, own = 0, peak = 0;
    int status = 0;
    for (long times = atol(words[2]); times > 0 && status == 0; --times) {
        pid_t child;
        const uint64_t begin = now();
        char** command = words + separator + 1;
        const int error = posix_spawnp(&child, command[0], NULL, NULL, command, variables);
        if (error != 0) fail(command[0], error);
        struct rusage usage;
        while (wait4(child, &status, 0, &usage) < 0)
            if (errno != EINTR) fail("wait4", errno);
        wall += now() - begin;
        own += nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
        if ((uint64_t)usage.ru_maxrss > peak) peak = (uint64_t)usage.ru_maxrss;
    }
    FILE* report = fopen(words[1], "w");
    if (report == NULL) fail(words[1], errno);
    fprintf(report,
            "{\"wall_ns\": %" PRIu64 ", \"cpu_ns\": %" PRIu64 ", \"peak_rss_kib\": %" PRIu64
            ", \"status\": %d}\n",
            wall, own, peak, WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status));
    if (fclose(report) != 0) fail(words[1], errno);
    return 0;
}
