// Blocks that were lost with the threads that knew them.
#include <pthread.h>

#include "tests/evaluation/corpus/kinds.h"

namespace heapdrift::corpus {
namespace {

void run_thread(void* (*body)(void*), void* argument, bool join = true) {
    pthread_t thread;
    if (pthread_create(&thread, nullptr, body, argument) != 0) return;
    if (join)
        pthread_join(thread, nullptr);
    else
        pthread_detach(thread);
}

thread_local Block* in_storage;

SITE void* store_in_thread(void*) {
    in_storage = allocate(200);
    asm volatile("" : : "r"(&in_storage) : "memory");
    return nullptr;
}
void storage_of_ended_thread(Run& run) {
    if (run.chance(0.3)) run_thread(store_in_thread, nullptr);
}

pthread_key_t key_without_destructor() {
    static pthread_key_t key;
    static const int made = pthread_key_create(&key, nullptr);
    return made == 0 ? key : 0;
}
SITE void* set_specific(void*) {
    pthread_setspecific(key_without_destructor(), allocate(150));
    return nullptr;
}
void specific_of_ended_thread(Run& run) {
    if (run.chance(0.3)) run_thread(set_specific, nullptr);
}

SITE void* keep_on_stack(void*) {
    volatile Block* local = allocate(500);
    asm volatile("" : : "r"(&local) : "memory");
    return nullptr;
}
void stack_of_ended_thread(Run& run) {
    if (run.chance(0.3)) run_thread(keep_on_stack, nullptr);
}

void* ignore_argument(void* argument) {
    return keep(argument) == nullptr ? argument : nullptr;
}
SITE void argument_not_freed(Run& run) {
    if (run.chance(0.3)) run_thread(ignore_argument, allocate(123));
}

SITE void* return_block(void*) {
    return allocate(234);
}
void result_not_freed(Run& run) {
    if (run.chance(0.3)) run_thread(return_block, nullptr);
}

constexpr Kind kKinds[] = {
    {"storage_of_ended_thread", Truth::lost, "store_in_thread", storage_of_ended_thread},
    {"specific_of_ended_thread", Truth::lost, "set_specific", specific_of_ended_thread},
    {"stack_of_ended_thread", Truth::lost, "keep_on_stack", stack_of_ended_thread},
    {"argument_not_freed", Truth::lost, "argument_not_freed", argument_not_freed},
    {"result_not_freed", Truth::lost, "return_block", result_not_freed},
};

}  // namespace

std::span<const Kind> lost_in_threads() {
    return kKinds;
}

}  // namespace heapdrift::corpus
