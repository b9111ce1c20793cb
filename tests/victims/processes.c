// Every way to a second process. The child's truth goes to descriptor 3 when that is open, since
// each process has a session of its own; the parent's goes to stdout.
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "truth.h"

extern char** environ;

MARKER void parent_4x100(void) {
    for (int i = 0; i < 4; ++i) keep(malloc(100));
    expect("parent_4x100", 4, 400, 0, 400);
}

MARKER void* before_fork_10x50(void) {
    static void* blocks[10];
    for (int i = 0; i < 10; ++i) blocks[i] = keep(malloc(50));
    expect("before_fork_10x50", 10, 500, 0, 500);
    return blocks;
}

MARKER void child_3x1000(void) {
    for (int i = 0; i < 3; ++i) keep(malloc(1000));
    truth_count = 0;
    expect("child_3x1000", 3, 3000, 0, 3000);
    expect("parent_4x100", 0, 0, 0, 0);
}

static void wait_for(pid_t child, int status) {
    int result = 0;
    REQUIRE(child > 0 && waitpid(child, &result, 0) == child);
    REQUIRE(WIFEXITED(result) && WEXITSTATUS(result) == status);
}

static void tell_child_truth(void) {
    if (write(3, "", 0) == 0) tell_truth_to(3);
}

// The child frees what it inherited: unknown to its own session, and still live in the parent's.
static void with_fork(void) {
    void** blocks = before_fork_10x50();
    const pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 10; ++i) free(blocks[i]);
        child_3x1000();
        tell_child_truth();
        exit(5);
    }
    wait_for(child, 5);
}

MARKER void child_pairs_100x24(void) {
    for (int i = 0; i < 100; ++i) free(keep(malloc(24)));
    expect("child_pairs_100x24", 100, 2400, 100, 0);
}

// More operations than a child may have kept aside, of which some are deallocations.
static void with_fork_of_pairs(void) {
    void** blocks = before_fork_10x50();
    const pid_t child = fork();
    if (child == 0) {
        free(blocks[0]);
        child_3x1000();
        free(blocks[1]);
        child_pairs_100x24();
        tell_child_truth();
        exit(4);
    }
    wait_for(child, 4);
}

static _Atomic int stop;

MARKER void* busy_thread(void* unused) {
    (void)unused;
    while (!stop) {
        for (int i = 0; i < 100; ++i) free(keep(malloc(96)));
        usleep(20);
    }
    return NULL;
}

static void* trivial_thread(void* unused) {
    free(keep(malloc(11)));
    return unused;
}

// Forks while other threads are anywhere inside the allocator and the recorder. A child that
// inherited a lock held for ever would hang in one of its steps.
static void fork_among_threads(void) {
    pthread_t threads[4];
    for (int i = 0; i < 4; ++i) REQUIRE(pthread_create(&threads[i], NULL, busy_thread, NULL) == 0);
    for (int i = 0; i < 1000; ++i) {
        const pid_t child = fork();
        if (child == 0) {
            free(keep(malloc(500)));
            if (i % 10 == 0) {
                pthread_t thread;
                REQUIRE(pthread_create(&thread, NULL, trivial_thread, NULL) == 0);
                REQUIRE(pthread_join(thread, NULL) == 0);
            }
            _exit(0);
        }
        wait_for(child, 0);
    }
    stop = 1;
    for (int i = 0; i < 4; ++i) REQUIRE(pthread_join(threads[i], NULL) == 0);
    expect("busy_thread", kSome, kSome, kSome, 0);
}

static void fork_of_fork(void) {
    const pid_t child = fork();
    if (child == 0) {
        const pid_t grandchild = fork();
        if (grandchild == 0) {
            child_3x1000();
            tell_child_truth();
            exit(6);
        }
        wait_for(grandchild, 6);
        exit(0);
    }
    wait_for(child, 0);
}

// A child that neither allocates nor frees.
static void with_idle_fork(void) {
    const pid_t child = fork();
    if (child == 0) _exit(0);
    wait_for(child, 0);
}

static void with_vfork_exec(void) {
    char* const arguments[] = {"true", NULL};
    for (int i = 0; i < 20; ++i) {
        const pid_t child = vfork();
        if (child == 0) {
            execv("/bin/true", arguments);
            _exit(1);
        }
        wait_for(child, 0);
    }
}

static void with_vfork_exit(void) {
    for (int i = 0; i < 20; ++i) {
        const pid_t child = vfork();
        if (child == 0) _exit(9);
        wait_for(child, 9);
    }
}

// POSIX forbids it, programs do it; here before anything else is allocated.
static void with_vfork_that_allocates(void) {
    const pid_t child = vfork();
    if (child == 0) {
        free(keep(malloc(100)));
        _exit(9);
    }
    wait_for(child, 9);
}

// A failing exec leaves the vfork child, and with it the session, where they were.
static void with_failing_exec(void) {
    char* const arguments[] = {"none", NULL};
    const pid_t child = vfork();
    if (child == 0) {
        execv("/nonexistent/program", arguments);
        _exit(8);
    }
    wait_for(child, 8);
    errno = 0;
    REQUIRE(execv("/nonexistent/program", arguments) == -1 && errno == ENOENT);
}

static void with_posix_spawn(void) {
    char* const arguments[] = {"true", NULL};
    pid_t child = 0;
    REQUIRE(posix_spawn(&child, "/bin/true", NULL, NULL, arguments, environ) == 0);
    wait_for(child, 0);
}

static void with_system(void) {
    fflush(stdout);
    REQUIRE(system("exit 4") == 4 << 8);
}

static void with_popen(void) {
    FILE* pipe = popen("echo from the child", "r");
    char line[64];
    REQUIRE(pipe != NULL && fgets(line, sizeof line, pipe) != NULL);
    REQUIRE(strcmp(line, "from the child\n") == 0 && pclose(pipe) == 0);
}

// No libc between: neither atfork handlers nor its thread-locals know of this child.
static void with_raw_clone(void) {
    const long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0) {
        child_3x1000();
        tell_child_truth();
        _exit(7);
    }
    wait_for((pid_t)child, 7);
}

static void with_daemon(void) {
    int ready[2];
    REQUIRE(pipe(ready) == 0);
    const pid_t child = fork();
    if (child == 0) {
        REQUIRE(daemon(1, 1) == 0);
        child_3x1000();
        tell_child_truth();
        REQUIRE(write(ready[1], "r", 1) == 1);
        exit(0);
    }
    wait_for(child, 0);
    char byte;
    REQUIRE(read(ready[0], &byte, 1) == 1);
    // The daemon is nobody's child; its exit closes the last end for writing.
    close(ready[1]);
    REQUIRE(read(ready[0], &byte, 1) == 0);
}

int main(int argc, char** argv) {
    static const struct {
        const char* name;
        void (*run)(void);
    } kModes[] = {
        {"fork", with_fork},
        {"fork_among_threads", fork_among_threads},
        {"idle_fork", with_idle_fork},
        {"fork_of_fork", fork_of_fork},
        {"fork_of_pairs", with_fork_of_pairs},
        {"vfork_exec", with_vfork_exec},
        {"vfork_exit", with_vfork_exit},
        {"vfork_that_allocates", with_vfork_that_allocates},
        {"failing_exec", with_failing_exec},
        {"posix_spawn", with_posix_spawn},
        {"system", with_system},
        {"popen", with_popen},
        {"raw_clone", with_raw_clone},
        {"daemon", with_daemon},
    };
    for (size_t i = 0; argc > 1 && i < sizeof kModes / sizeof kModes[0]; ++i)
        if (strcmp(argv[1], kModes[i].name) == 0) kModes[i].run();
    parent_4x100();
    tell_truth();
    return 2;
}
