// Works until its input ends, and checks that it notices nothing of a scan: no signal, no child, no
// descriptor that stays open, and no system call that is interrupted.
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "reach.h"

static volatile sig_atomic_t signals;
static volatile int stop;
static void* kept;
static int quiet_pipe[2];

static void count_signal(int number) {
    (void)number;
    ++signals;
}

MARKER void lost(void) {
    for (int i = 0; i < 3; ++i) keep(malloc(111));
    expect_reach("lost", 3, 0, 0, 0);
}
MARKER void in_use(void) {
    kept = malloc(222);
    READ_BY_SOMEBODY(kept);
    expect_reachable("in_use");
}

MARKER void* moving_block(void) {
    return malloc(333);
}
// It is always somewhere else: in a register, on the stack, or in memory.
static void* move_block(void* argument) {
    static void* volatile places[2];
    void* block = moving_block();
    while (!stop) {
        places[0] = block;
        block = NULL;
        keep(block);
        free(malloc(hidden_size(10)));
        places[1] = places[0];
        places[0] = NULL;
        block = places[1];
        places[1] = NULL;
    }
    free(block);
    return argument;
}

static void* wait_for_input(void* argument) {
    char byte;
    // Fails with EINTR if somebody disturbs it.
    REQUIRE(read(quiet_pipe[0], &byte, 1) == 0);
    return argument;
}

int main(int count, char** arguments) {
    const int idle = count > 1 && strcmp(arguments[1], "idle") == 0;
    struct sigaction action = {.sa_handler = count_signal};
    for (int number = 1; number < 32; ++number)
        if (number != SIGKILL && number != SIGSTOP) sigaction(number, &action, NULL);
    REQUIRE(pipe2(quiet_pipe, O_CLOEXEC) == 0);
    lost();
    in_use();
    expect_reachable("moving_block");
    pthread_t threads[2];
    if (!idle) REQUIRE(pthread_create(&threads[0], NULL, move_block, NULL) == 0);
    REQUIRE(pthread_create(&threads[1], NULL, wait_for_input, NULL) == 0);
    wipe_stack();
    REQUIRE(write(1, "ready\n", 6) == 6);
    char byte;
    REQUIRE(read(0, &byte, 1) == 0);
    stop = 1;
    close(quiet_pipe[1]);
    if (!idle) REQUIRE(pthread_join(threads[0], NULL) == 0);
    REQUIRE(pthread_join(threads[1], NULL) == 0);
    REQUIRE(signals == 0);
    REQUIRE(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
    tell_reach();
    return 0;
}
