#include "preload/next_loader.h"

#include "preload/elf_symbols.h"
#include "preload/message.h"

extern "C" {

void* heapdrift_first_dlsym(void* handle, const char* name);
void* heapdrift_first_dlvsym(void* handle, const char* name, const char* version);

void* (*heapdrift_next_dlsym)(void*, const char*) = heapdrift_first_dlsym;
void* (*heapdrift_next_dlvsym)(void*, const char*, const char*) = heapdrift_first_dlvsym;

// Called by the stubs below. Early in the process: nothing is being loaded at the same time.
[[gnu::used]] void heapdrift_find_next_loader() {
    using namespace heapdrift;
    const void* here = reinterpret_cast<const void*>(&heapdrift_find_next_loader);
    void* dlsym_behind = find_defined_behind(here, "dlsym");
    void* dlvsym_behind = find_defined_behind(here, "dlvsym");
    if (dlsym_behind == nullptr || dlvsym_behind == nullptr) {
        say(Message() << "no dlsym found behind the recorder; cannot run");
        __builtin_trap();
    }
    heapdrift_next_dlvsym =
        reinterpret_cast<void* (*)(void*, const char*, const char*)>(dlvsym_behind);
    heapdrift_next_dlsym = reinterpret_cast<void* (*)(void*, const char*)>(dlsym_behind);
}

// With a jump at the end: dlsym looks at its return address to tell who asks (RTLD_NEXT).
#define HEAPDRIFT_FIRST_CALL(name, next)      \
    asm(".pushsection .text\n"                \
        ".globl " #name                       \
        "\n"                                  \
        ".hidden " #name                      \
        "\n"                                  \
        ".type " #name ", @function\n" #name  \
        ":\n"                                 \
        "  .cfi_startproc\n"                  \
        "  endbr64\n"                         \
        "  push %rdi\n"                       \
        "  .cfi_adjust_cfa_offset 8\n"        \
        "  push %rsi\n"                       \
        "  .cfi_adjust_cfa_offset 8\n"        \
        "  push %rdx\n"                       \
        "  .cfi_adjust_cfa_offset 8\n"        \
        "  call heapdrift_find_next_loader\n" \
        "  pop %rdx\n"                        \
        "  .cfi_adjust_cfa_offset -8\n"       \
        "  pop %rsi\n"                        \
        "  .cfi_adjust_cfa_offset -8\n"       \
        "  pop %rdi\n"                        \
        "  .cfi_adjust_cfa_offset -8\n"       \
        "  jmp *" #next                       \
        "(%rip)\n"                            \
        "  .cfi_endproc\n"                    \
        ".size " #name ", . - " #name         \
        "\n"                                  \
        ".popsection")
HEAPDRIFT_FIRST_CALL(heapdrift_first_dlsym, heapdrift_next_dlsym);
HEAPDRIFT_FIRST_CALL(heapdrift_first_dlvsym, heapdrift_next_dlvsym);

}  // extern "C"
