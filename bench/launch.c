// Runs a program, as often as asked, and says what it took: launch REPORT TIMES [NAME=VALUE…] --
// PROGRAM ARGUMENT…. Small, because a program's peak memory, as wait4 tells it, begins with that of
// the process that started it. A value that ends in @PID@ ends in the program's pid.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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

// Where the pid of a program goes in its environment.
static const char* const pid_mark = "@PID@";
static char* pid_place = NULL;

static char* with_place_for_pid(char* variable) {
    const size_t size = strlen(variable);
    const size_t marked = strlen(pid_mark);
    if (size < marked || strcmp(variable + size - marked, pid_mark) != 0) return variable;
    char* copy = calloc(size + 16, 1);
    if (copy == NULL) fail("environment", ENOMEM);
    memcpy(copy, variable, size - marked);
    pid_place = copy + size - marked;
    return copy;
}

// The variables of this process, with those given added.
static char** child_environment(char** given, int count) {
    size_t kept = 0;
    while (environ[kept] != NULL) ++kept;
    char** variables = calloc(kept + (size_t)count + 1, sizeof(char*));
    if (variables == NULL) fail("environment", ENOMEM);
    memcpy(variables, environ, kept * sizeof(char*));
    for (int i = 0; i < count; ++i) variables[kept + (size_t)i] = with_place_for_pid(given[i]);
    return variables;
}

// The child shares our memory until it executes the program, so that only it writes its pid.
static pid_t start(char** command, char** variables) {
    volatile int error = 0;
    const pid_t child = vfork();
    if (child == 0) {
        if (pid_place != NULL) sprintf(pid_place, "%d", (int)getpid());
        execvpe(command[0], command, variables);
        error = errno;
        _exit(125);
    }
    if (child < 0) fail("vfork", errno);
    if (error != 0) fail(command[0], error);
    return child;
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
        const uint64_t begin = now();
        const pid_t child = start(words + separator + 1, variables);
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
