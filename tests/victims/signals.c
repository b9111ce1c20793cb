// Signal handlers that strike thousands of times while the program allocates.
//   outside   the handler allocates only while the main code is outside the allocator
//   mmap      the handler maps and unmaps at any moment
//   anywhere  the handler reads the clock at any moment, and counts: nothing must be lost
//   raise     the handler allocates inside raise(), with a known stack
//   begin     a thread begins to allocate, and the handler of SIGUSR1 leaves by siglongjmp
//   leave     the handler of SIGUSR1, if one comes, leaves by siglongjmp; 65536 stacks before, and
//   after
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "stacks.h"

static volatile sig_atomic_t inside_allocator;
static _Atomic int64_t strikes;
static _Atomic int64_t handler_allocations;
static _Atomic int64_t handler_mappings;

MARKER void handler_allocates_24(void) {
    void* block = malloc(24);
    if (atomic_fetch_add(&handler_allocations, 1) % 2 == 0) free(block);
}

MARKER void handler_maps_2_pages(void) {
    void* start = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) return;
    ++handler_mappings;
    if (handler_mappings % 2 == 0) munmap(start, 8192);
}

static void on_alarm_outside(int signal) {
    (void)signal;
    const int saved = errno;
    ++strikes;
    if (!inside_allocator) handler_allocates_24();
    errno = saved;
}

static void on_alarm_mmap(int signal) {
    (void)signal;
    const int saved = errno;
    ++strikes;
    handler_maps_2_pages();
    errno = saved;
}

static void on_alarm_anywhere(int signal) {
    (void)signal;
    ++strikes;
}

static int64_t main_allocations;

// Until the handler has struck often, and has once found what it waits for: with a recorder that
// verifies each stack, the program is hardly ever outside the allocator.
MARKER void busy_with_malloc(const _Atomic int64_t* done) {
    void* held[64] = {NULL};
    unsigned state = 1;
    while (strikes < 1500 || *done == 0) {
        state = state * 1664525u + 1013904223u;
        const unsigned slot = (state >> 20) % 64;
        inside_allocator = 1;
        free(held[slot]);
        held[slot] = malloc(32);
        inside_allocator = 0;
        ++main_allocations;
        for (volatile int pause = 0; pause < 20; ++pause) continue;
    }
    inside_allocator = 1;
    for (int i = 0; i < 64; ++i) free(held[i]);
    expect("busy_with_malloc", main_allocations, main_allocations * 32, main_allocations, 0);
}

static void set_timer(long microseconds) {
    const struct itimerval timer = {{0, microseconds}, {0, microseconds}};
    REQUIRE(setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

static void strike_while_busy(void (*handler)(int), const _Atomic int64_t* done) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    REQUIRE(sigaction(SIGALRM, &action, NULL) == 0);
    set_timer(200);
    // The rows of a handler have busy_with_malloc as an outer frame: the truth of the latter is
    // therefore asserted by its innermost frames alone, see the harness.
    busy_with_malloc(done);
    set_timer(0);
}

MARKER void handler_in_raise_3x111(int signal) {
    (void)signal;
    for (int i = 0; i < 3; ++i) keep(malloc(111));
}

MARKER void raising_function(void) {
    REQUIRE(raise(SIGUSR1) == 0);
    expect("handler_in_raise_3x111", 3, 333, 0, 333);
    expect_through("raising_function", 3, 333, 0, 333);
}

static sigjmp_buf outside;
static _Thread_local volatile sig_atomic_t may_leave;

static void leave(int signal) {
    (void)signal;
    if (may_leave) siglongjmp(outside, 1);
}

static void leave_when_told(void) {
    struct sigaction action = {.sa_handler = leave};
    REQUIRE(sigaction(SIGUSR1, &action, NULL) == 0);
}

MARKER void* interrupted_thread(void* unused) {
    may_leave = 1;
    for (volatile int i = 0; i < 1000; ++i)
        if (sigsetjmp(outside, 1) == 0) free(keep(malloc(24)));
    may_leave = 0;
    return unused;
}

static void allocate_in_a_thread(void) {
    pthread_t thread;
    leave_when_told();
    REQUIRE(pthread_create(&thread, NULL, interrupted_thread, NULL) == 0);
    REQUIRE(pthread_join(thread, NULL) == 0);
    expect("interrupted_thread", kSome, kSome, kSome, kAny);
}

static void allocate_on_many_stacks(void) {
    leave_when_told();
    may_leave = 1;
    if (sigsetjmp(outside, 1) == 0) branch(16, 24);
    branch(16, 24);
    may_leave = 0;
}

int main(int argc, char** argv) {
    const char* mode = argc > 1 ? argv[1] : "";
    if (strcmp(mode, "outside") == 0) {
        strike_while_busy(on_alarm_outside, &handler_allocations);
        const int64_t count = handler_allocations;
        expect("handler_allocates_24", count, count * 24, (count + 1) / 2, count / 2 * 24);
    } else if (strcmp(mode, "mmap") == 0) {
        strike_while_busy(on_alarm_mmap, &handler_mappings);
        const int64_t count = handler_mappings;
        expect_mapping("handler_maps_2_pages", count, count * 8192, count / 2,
                       (count + 1) / 2 * 8192);
    } else if (strcmp(mode, "anywhere") == 0) {
        strike_while_busy(on_alarm_anywhere, &strikes);
    } else if (strcmp(mode, "begin") == 0) {
        allocate_in_a_thread();
    } else if (strcmp(mode, "leave") == 0) {
        allocate_on_many_stacks();
    } else {
        struct sigaction action = {.sa_handler = handler_in_raise_3x111};
        REQUIRE(sigaction(SIGUSR1, &action, NULL) == 0);
        raising_function();
    }
    tell_truth();
    return 0;
}
