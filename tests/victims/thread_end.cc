// Allocations at a thread's end: in destructors of thread_local objects, and in destructors of
// pthread keys, which set their key again until no further round is granted.
#include <limits.h>
#include <pthread.h>

#include <thread>
#include <vector>

#include "truth.h"

namespace {

constexpr int kThreads = 20;
pthread_key_t key;

}  // namespace

MARKER void object_destructor_64() {
    keep(malloc(64));
}

MARKER void object_destructor_frees_30(void* block) {
    free(block);
    free(keep(malloc(30)));
}

MARKER void* object_constructor_20() {
    return keep(malloc(20));
}

// Runs in each of the rounds that glibc grants, since it sets the key anew in each.
MARKER void key_destructor_16(void* value) {
    const auto round = reinterpret_cast<uintptr_t>(value);
    keep(malloc(16));
    REQUIRE(pthread_setspecific(key, reinterpret_cast<void*>(round + 1)) == 0);
}

namespace {

struct AtThreadEnd {
    void* block = object_constructor_20();
    ~AtThreadEnd() {
        object_destructor_64();
        object_destructor_frees_30(block);
    }
};

thread_local AtThreadEnd at_thread_end;

}  // namespace

MARKER void thread_body_10() {
    REQUIRE(keep(&at_thread_end) != nullptr);
    REQUIRE(pthread_setspecific(key, reinterpret_cast<void*>(1)) == 0);
    keep(malloc(10));
}

int main() {
    REQUIRE(pthread_key_create(&key, key_destructor_16) == 0);
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) threads.emplace_back(thread_body_10);
    for (std::thread& thread : threads) thread.join();

    expect("thread_body_10", kThreads, 10 * kThreads, 0, 10 * kThreads);
    expect("object_constructor_20", kThreads, 20 * kThreads, kThreads, 0);
    expect("object_destructor_64", kThreads, 64 * kThreads, 0, 64 * kThreads);
    expect("object_destructor_frees_30", kThreads, 30 * kThreads, kThreads, 0);
    constexpr int kRounds = kThreads * PTHREAD_DESTRUCTOR_ITERATIONS;
    expect("key_destructor_16", kRounds, 16 * kRounds, 0, 16 * kRounds);
    tell_truth();
    return 0;
}
