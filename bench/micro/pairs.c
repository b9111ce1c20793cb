// Pairs of malloc and free at chosen call stacks, and what one of them takes. Prints one line of
// JSON for each pass. With a recorder preloaded, the difference is what recording adds.
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "options.h"
#include "stacks.h"

// A pool of live blocks. Threads that exchange blocks share one.
struct Pool {
    _Atomic(void*)* blocks;
    uint64_t count;
    uint64_t filled;  // by the thread it belongs to, when it grows
};

struct Worker {
    pthread_t thread;
    struct Walk walk;
    struct Pool* pool;
    uint64_t left;             // pairs
    uint64_t begin, end, own;  // of the last pass; own processor time
    uint64_t longest_gap, longest_own_gap;
    uint64_t seed;
    bool idle;
};

static struct Options options;
static pthread_barrier_t start_line, pass_line;
static pthread_mutex_t sleep_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool input_ended;

static uint64_t nanoseconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

// A few sizes, as programs ask for; with any size at each of many stacks, heaptrack's own hash
// table grows beyond all memory.
static size_t random_size(struct Walk* walk) {
    enum { kSmallest = 24, kStep = 32, kSizes = 8 };
    return kSmallest + kStep * random_below(walk, kSizes);
}

static void* allocate(struct Walk* walk) {
    const size_t size = random_size(walk);
    if (!options.mixed) return malloc(size);
    switch (random_below(walk, 4)) {
        case 0:
            return calloc(1, size);
        case 1:
            return realloc(malloc(size), random_size(walk));
        default:
            return malloc(size);
    }
}

static void replace_one(struct Worker* worker) {
    struct Pool* pool = worker->pool;
    // An empty pool is filled in order first.
    const bool full = pool->filled == pool->count;
    const uint64_t at = full ? random_below(&worker->walk, pool->count) : pool->filled++;
    _Atomic(void*)* place = &pool->blocks[at];
    void* block = allocate(&worker->walk);
    void* old;
    if (options.exchange) {
        old = atomic_exchange_explicit(place, block, memory_order_acq_rel);
    } else {
        old = atomic_load_explicit(place, memory_order_relaxed);
        atomic_store_explicit(place, block, memory_order_relaxed);
    }
    free(old);
}

// Nothing is freed until the pool is full, and then everything.
static void add_one(struct Worker* worker) {
    struct Pool* pool = worker->pool;
    if (pool->filled == pool->count)
        while (pool->filled > 0)
            free(atomic_load_explicit(&pool->blocks[--pool->filled], memory_order_relaxed));
    atomic_store_explicit(&pool->blocks[pool->filled++], allocate(&worker->walk),
                          memory_order_relaxed);
}

static bool pair(struct Walk* walk) {
    struct Worker* worker = walk->context;
    if (options.grow) {
        add_one(worker);
    } else {
        replace_one(worker);
    }
    return --worker->left > 0;
}

static void keep_longest(uint64_t* longest, uint64_t from, uint64_t to) {
    if (to - from > *longest) *longest = to - from;
}

// The wall clock also counts when others had the processor; the thread's own does not, but would
// miss waiting.
static bool timed_pair(struct Walk* walk) {
    struct Worker* worker = walk->context;
    const uint64_t own_begin = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
    const uint64_t begin = nanoseconds(CLOCK_MONOTONIC);
    const bool more = pair(walk);
    keep_longest(&worker->longest_gap, begin, nanoseconds(CLOCK_MONOTONIC));
    keep_longest(&worker->longest_own_gap, own_begin, nanoseconds(CLOCK_THREAD_CPUTIME_ID));
    if (!options.wait) return more;
    ++worker->left;
    return !atomic_load_explicit(&input_ended, memory_order_relaxed);
}

static uint64_t warm_up_pairs(const struct Worker* worker) {
    enum { kVisitsOfEach = 5, kLeast = 1000 };
    // Most of the stacks, once: there may be many such threads.
    if (worker->idle) return options.stacks + kLeast;
    uint64_t pairs = kLeast;
    if (pairs < kVisitsOfEach * options.stacks) pairs = kVisitsOfEach * options.stacks;
    if (!options.grow) pairs += worker->pool->count;
    return pairs;
}

static void sleep_to_the_end(void) {
    pthread_mutex_lock(&sleep_lock);
    pthread_mutex_unlock(&sleep_lock);
}

// The first pass is not counted: all blocks and stacks have been seen once before it is measured.
// It is made from the same place as the others, which is part of the call stack.
static void* thread_main(void* argument) {
    struct Worker* worker = argument;
    prepare_walk(&worker->walk, options.depth, options.stacks, options.changing, worker->seed);
    worker->walk.context = worker;
    worker->left = warm_up_pairs(worker);
    for (unsigned pass = 0; pass <= options.passes; ++pass) {
        const bool counted = pass > 0;
        if (counted) pthread_barrier_wait(&pass_line);
        const uint64_t own_begin = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
        worker->begin = nanoseconds(CLOCK_MONOTONIC);
        walk_stacks(&worker->walk, options.gaps && counted ? timed_pair : pair);
        worker->end = nanoseconds(CLOCK_MONOTONIC);
        worker->own = nanoseconds(CLOCK_THREAD_CPUTIME_ID) - own_begin;
        pthread_barrier_wait(counted ? &pass_line : &start_line);
        if (worker->idle) {
            sleep_to_the_end();
            break;
        }
        worker->left = options.pairs / options.threads + 1;
    }
    return NULL;
}

static void* watch_input(void* unused) {
    (void)unused;
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) continue;
    atomic_store(&input_ended, true);
    return NULL;
}

static void print_pass(const struct Worker* workers) {
    uint64_t begin = UINT64_MAX;
    uint64_t end = 0, own = 0, gap = 0, own_gap = 0;
    for (const struct Worker* worker = workers; worker < workers + options.threads; ++worker) {
        if (worker->begin < begin) begin = worker->begin;
        if (worker->end > end) end = worker->end;
        own += worker->own;
        keep_longest(&gap, 0, worker->longest_gap);
        keep_longest(&own_gap, 0, worker->longest_own_gap);
    }
    const uint64_t pairs = (options.pairs / options.threads + 1) * options.threads;
    printf("{\"pairs\": %" PRIu64 ", \"wall_ns\": %" PRIu64 ", \"cpu_ns\": %" PRIu64
           ", \"longest_gap_ns\": %" PRIu64 ", \"longest_own_gap_ns\": %" PRIu64 "}\n",
           pairs, end - begin, own, gap, own_gap);
    fflush(stdout);
}

static void run_passes(const struct Worker* workers) {
    for (unsigned pass = 0; pass < options.passes; ++pass) {
        pthread_barrier_wait(&pass_line);
        pthread_barrier_wait(&pass_line);
        print_pass(workers);
    }
}

static void make_pools(struct Pool* pools, unsigned count, uint64_t blocks) {
    for (unsigned i = 0; i < count; ++i)
        pools[i] = (struct Pool){calloc(blocks, sizeof(*pools[i].blocks)), blocks, 0};
}

int main(int count, char** words) {
    options = parse_options(count, words);
    const unsigned total = options.threads + options.idle;
    const unsigned pool_count = options.exchange ? 1 : total;
    struct Pool* pools = calloc(pool_count, sizeof(*pools));
    struct Worker* workers = calloc(total, sizeof(*workers));
    make_pools(pools, pool_count, options.live / (options.exchange ? 1 : options.threads));
    pthread_barrier_init(&start_line, NULL, total + 1);
    pthread_barrier_init(&pass_line, NULL, options.threads + 1);
    pthread_mutex_lock(&sleep_lock);
    for (unsigned i = 0; i < total; ++i) {
        workers[i].pool = &pools[options.exchange ? 0 : i];
        workers[i].seed = i + 1;
        workers[i].idle = i >= options.threads;
        if (pthread_create(&workers[i].thread, NULL, thread_main, &workers[i]) != 0) abort();
    }
    pthread_barrier_wait(&start_line);
    pthread_t watcher;
    if (options.wait && pthread_create(&watcher, NULL, watch_input, NULL) != 0) abort();
    if (options.wait) {
        printf("{\"ready\": true}\n");
        fflush(stdout);
    }
    run_passes(workers);
    pthread_mutex_unlock(&sleep_lock);
    for (unsigned i = 0; i < total; ++i) pthread_join(workers[i].thread, NULL);
    return 0;
}
