// What counts as in use when the process ends, by the way in which it ends.
#include "reach.h"

// The caller's pointer is on its stack: in use if the process ends in a call from here.
MARKER void local_of_caller(void (*end)(int)) {
    void* volatile block = malloc(100);
    tell_reach();
    end(0);
    free(block);
}
// In a register that a function gives back as it was.
MARKER void register_of_caller(void (*end)(int)) {
    void* block = malloc(100);
    tell_reach();
    __asm__ volatile(
        "movq %0, %%rbx\n\tmovq %1, %%rax\n\txorl %k0, %k0\n\txorl %%edi, %%edi\n\tcallq *%%rax"
        : "+r"(block)
        : "r"(end)
        : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory");
}

int main(int count, char** arguments) {
    REQUIRE(count > 2);
    void (*end)(int) = strcmp(arguments[2], "exit") == 0         ? exit
                       : strcmp(arguments[2], "_exit") == 0      ? _exit
                       : strcmp(arguments[2], "quick_exit") == 0 ? quick_exit
                                                                 : NULL;
    if (end == NULL) {
        void* volatile block = malloc(77);
        expect_lost("main");
        tell_reach();
        (void)block;
        return 0;
    }
    if (strcmp(arguments[1], "stack") == 0) {
        expect_reachable("local_of_caller");
        local_of_caller(end);
    }
    expect_reachable("register_of_caller");
    register_of_caller(end);
    return 98;
}
