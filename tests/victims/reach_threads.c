// Pointers that only another thread has: on its stack, in its registers, in its own storage; and
// what threads that have ended leave behind.
#include <pthread.h>
#include <semaphore.h>
#include <sys/syscall.h>

#include "reach.h"

static sem_t ready;
static volatile int stop;
// Volatile: the compiler leaves a variable out that nobody reads.
static __thread void* volatile in_tls;

static void start(void* (*function)(void*)) {
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, function, NULL) == 0);
    sem_wait(&ready);
}

static void wait_for_ever(void) {
    sem_post(&ready);
    for (;;) syscall(SYS_pause);
}

MARKER void* stack_of_waiting(void* argument) {
    void* volatile block = malloc(100);
    wait_for_ever();
    free(block);
    return argument;
}
MARKER void* storage_of_waiting(void* argument) {
    in_tls = malloc(100);
    wait_for_ever();
    return argument;
}
static pthread_key_t key;
MARKER void* specific_of_waiting(void* argument) {
    pthread_setspecific(key, malloc(100));
    wait_for_ever();
    return argument;
}

// Nowhere but in one register, in a loop that makes no call.
MARKER void* register_of_busy(void* argument) {
    void* block = malloc(100);
    sem_post(&ready);
    __asm__ volatile(
        "movq %0, %%r13\n\txorl %k0, %k0\n\txorl %%eax, %%eax\n1:\tpause\n\tcmpl $0, %1\n\tje 1b"
        : "+r"(block)
        : "m"(stop)
        : "r13", "rax", "memory");
    return argument;
}
MARKER void* vector_register_of_busy(void* argument) {
    void* block = malloc(100);
    sem_post(&ready);
    __asm__ volatile(
        "movq %0, %%xmm7\n\txorl %k0, %k0\n\txorl %%eax, %%eax\n1:\tpause\n\tcmpl $0, %1\n\tje 1b"
        : "+r"(block)
        : "m"(stop)
        : "xmm7", "rax", "memory");
    return argument;
}
// In a register that the system call it waits in leaves alone.
MARKER void* register_of_waiting(void* argument) {
    void* block = malloc(100);
    sem_post(&ready);
    __asm__ volatile("movq %0, %%r14\n\txorl %k0, %k0\n1:\tmovl $34, %%eax\n\tsyscall\n\tjmp 1b"
                     : "+r"(block)
                     :
                     : "r14", "rax", "rcx", "r11", "memory");
    return argument;
}

TRUTH_ALONE static void leave_behind(void* block) {
    void* volatile far_down[200];
    // Not in the part below the stack pointer that a function may use without moving it.
    for (int i = 0; i < 100; ++i) far_down[i] = block;
    keep((void*)far_down);
}
MARKER void* below_stack_of_waiting(void* argument) {
    leave_behind(malloc(100));
    void* volatile here = NULL;
    (void)here;
    sem_post(&ready);
    __asm__ volatile(
        "xorl %%ebx, %%ebx\n\txorl %%r12d, %%r12d\n\txorl %%r13d, %%r13d\n\t"
        "xorl %%r14d, %%r14d\n\txorl %%r15d, %%r15d\n\txorl %%edi, %%edi\n\txorl %%esi, %%esi\n\t"
        "xorl %%edx, %%edx\n\txorl %%r8d, %%r8d\n\txorl %%r9d, %%r9d\n\txorl %%r10d, %%r10d\n\t"
        "pxor %%xmm0, %%xmm0\n\tpushq %%rbp\n\txorl %%ebp, %%ebp\n1:\tmovl $34, "
        "%%eax\n\tsyscall\n\tjmp 1b"
        :
        :
        : "rbx", "r12", "r13", "r14", "r15", "rdi", "rsi", "rdx", "r8", "r9", "r10", "xmm0", "rax",
          "rcx", "r11", "memory");
    return argument;
}

MARKER void* result_of_joined(void* argument) {
    (void)argument;
    return malloc(100);
}
MARKER void argument_of_joined(void) {
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, result_of_joined, malloc(123)) == 0);
    REQUIRE(pthread_join(thread, NULL) == 0);
}
MARKER void* result_of_unjoined(void* argument) {
    (void)argument;
    sem_post(&ready);
    return malloc(100);
}
MARKER void* lost_in_thread(void* argument) {
    keep(malloc(100));
    sem_post(&ready);
    return argument;
}

static void when_all_run(void) {
    static const struct timespec kPause = {0, 100000000};
    nanosleep(&kPause, NULL);
}

int main(void) {
    sem_init(&ready, 0, 0);
    pthread_key_create(&key, NULL);
    argument_of_joined();
    expect_lost("result_of_joined");
    // Reachable is what libc keeps of the thread for the next one.
    expect_reach("argument_of_joined", 1, 0, 0, 1);
    start(lost_in_thread);
    expect_lost("lost_in_thread");
    start(result_of_unjoined);
    expect_reachable("result_of_unjoined");
    start(stack_of_waiting);
    expect_reachable("stack_of_waiting");
    start(storage_of_waiting);
    expect_reachable("storage_of_waiting");
    start(specific_of_waiting);
    expect_reachable("specific_of_waiting");
    start(register_of_busy);
    expect_reachable("register_of_busy");
    start(vector_register_of_busy);
    expect_reachable("vector_register_of_busy");
    start(register_of_waiting);
    expect_reachable("register_of_waiting");
    start(below_stack_of_waiting);
    expect_lost("below_stack_of_waiting");
    when_all_run();
    wipe_stack();
    tell_reach();
    return 0;
}
