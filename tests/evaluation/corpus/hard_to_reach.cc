// Blocks in use that only odd places lead to, and that no tool may call lost.
#include <pthread.h>
#include <sys/mman.h>

#include <string>

#include "tests/evaluation/corpus/kinds.h"

namespace heapdrift::corpus {
namespace {

struct First {
    virtual ~First() = default;
    char bytes[40] = {};
};
struct Second {
    virtual ~Second() = default;
    char bytes[40] = {};
};
struct Both : First, Second {};

// The pointer is to the second base, in the object's middle.
SITE void second_base(Run& run) {
    static Second* objects[20];
    if (run.round() < 20) objects[run.round()] = keep(new Both());
    asm volatile("" : : "r"(&objects) : "memory");
}

SITE void in_own_mapping(Run& run) {
    static void** const pool = static_cast<void**>(
        mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (pool != MAP_FAILED && run.round() < 20) pool[1000 * run.round()] = allocate(100);
}

struct Waiting {
    pthread_barrier_t arrived;
    pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
};
Waiting waiting;
thread_local Block* own;

SITE void* wait_with_blocks(void*) {
    volatile Block* on_stack = allocate(300);
    own = allocate(200);
    asm volatile("" : : "r"(&on_stack), "r"(&own) : "memory");
    pthread_barrier_wait(&waiting.arrived);
    pthread_mutex_lock(&waiting.held);
    return nullptr;
}
// On the stacks and in the storage of threads that live until the end.
void in_living_threads(Run& run) {
    if (run.round() != 0) return;
    pthread_barrier_init(&waiting.arrived, nullptr, 4);
    pthread_mutex_lock(&waiting.held);
    for (int i = 0; i < 3; ++i) {
        pthread_t thread;
        if (pthread_create(&thread, nullptr, wait_with_blocks, nullptr) != 0) std::abort();
        pthread_detach(thread);
    }
    pthread_barrier_wait(&waiting.arrived);
}

// Only blocks in use lead to the next one.
SITE void long_chain(Run& run) {
    static Block* chain;
    if (run.position() < 0.1)
        for (int i = 0; i < 200; ++i) push(chain, allocate(16));
}

SITE void* make_specific() {
    return allocate(120);
}
void specific_in_use(Run& run) {
    static pthread_key_t keys[40];
    if (run.round() != 0) return;
    for (pthread_key_t& key : keys)
        if (pthread_key_create(&key, nullptr) == 0) pthread_setspecific(key, make_specific());
}

constexpr Kind kKinds[] = {
    {"second_base", Truth::none, "", second_base},
    {"in_own_mapping", Truth::none, "", in_own_mapping},
    {"in_living_threads", Truth::none, "", in_living_threads},
    {"long_chain", Truth::none, "", long_chain},
    {"specific_in_use", Truth::none, "", specific_in_use},
};

}  // namespace

std::span<const Kind> hard_to_reach() {
    return kKinds;
}

}  // namespace heapdrift::corpus
