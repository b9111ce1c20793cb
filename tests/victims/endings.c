// Every way for a program to end, after the same allocations.
#include <link.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "truth.h"

MARKER void live_at_end_12x80(void) {
    for (int i = 0; i < 12; ++i) keep(malloc(80));
    free(keep(malloc(80)));
    expect("live_at_end_12x80", 13, 1040, 1, 960);
}

static void* exits_with_11(void* unused) {
    exit(11);
    return unused;
}

static void* outlives_main(void* unused) {
    usleep(100 * 1000);
    keep(malloc(1));
    return unused;
}

static void* ends_the_program(void* unused) {
    (void)unused;
    usleep(100 * 1000);
    _exit(13);
}

// Holds the lock of the loader's lists until the process is gone.
static sem_t inside;
static int stays(struct dl_phdr_info* info, size_t size, void* unused) {
    (void)info, (void)size, (void)unused;
    sem_post(&inside);
    for (;;) pause();
}
static void* stays_in_the_loader(void* unused) {
    dl_iterate_phdr(stays, unused);
    return unused;
}

int main(int argc, char** argv) {
    const char* mode = argc > 1 ? argv[1] : "";
    const struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    live_at_end_12x80();
    tell_truth();
    pthread_t thread;
    if (strcmp(mode, "return") == 0) return 21;
    if (strcmp(mode, "exit") == 0) exit(22);
    if (strcmp(mode, "_exit") == 0) _exit(23);
    if (strcmp(mode, "_Exit") == 0) _Exit(24);
    if (strcmp(mode, "quick_exit") == 0) quick_exit(25);
    if (strcmp(mode, "exit_group") == 0) syscall(SYS_exit_group, 26);
    if (strcmp(mode, "abort") == 0) abort();
    if (strcmp(mode, "segv") == 0) *(volatile int*)keep(NULL) = 1;
    if (strcmp(mode, "sigterm") == 0) raise(SIGTERM);
    if (strcmp(mode, "sigkill") == 0) kill(getpid(), SIGKILL);
    if (strcmp(mode, "thread_exit") == 0) {
        REQUIRE(pthread_create(&thread, NULL, exits_with_11, NULL) == 0);
        pthread_join(thread, NULL);
    }
    if (strcmp(mode, "main_pthread_exit") == 0) {
        REQUIRE(pthread_create(&thread, NULL, outlives_main, NULL) == 0);
        pthread_exit(NULL);
    }
    if (strcmp(mode, "beside_the_loader") == 0) {
        sem_init(&inside, 0, 0);
        REQUIRE(pthread_create(&thread, NULL, stays_in_the_loader, NULL) == 0);
        sem_wait(&inside);
        return 27;
    }
    if (strcmp(mode, "main_gone_thread_ends") == 0) {
        REQUIRE(pthread_create(&thread, NULL, ends_the_program, NULL) == 0);
        pthread_exit(NULL);
    }
    return 97;
}
