// dlsym and dlvsym: the door to the driver that nearly everybody takes, the CUDA runtime above all.
//
// glibc's dlsym looks at its return address to tell which module asks: RTLD_NEXT means behind that
// one. So ours ends in a jump, and leaves stack and registers as it found them; only a name that
// begins with "cu" costs more than a look at two letters.
#include <dlfcn.h>

#include "preload/cuda/doors.h"
#include "preload/cuda/driver_library.h"
#include "preload/cuda/entry_points.h"
#include "preload/cuda/module_patch.h"
#include "preload/interpose.h"
#include "preload/lifecycle.h"
#include "preload/next_loader.h"
#include "preload/recorder.h"
#include "preload/text.h"

extern "C" {
// As they are, whatever the program's search order finds first.
[[gnu::visibility("hidden")]] void* heapdrift_own_dlsym(void*, const char*);
[[gnu::visibility("hidden")]] void* heapdrift_own_dlvsym(void*, const char*, const char*);

// Whether every call below is told to the filter, not only those for the driver's names.
[[gnu::used, gnu::visibility("hidden")]] bool heapdrift_filter_every_name = false;
}

namespace heapdrift::cuda {
namespace {

// In two registers: what to return, and whether that is decided. If not, the call goes on as it
// was.
struct Answer {
    void* function;
    uint64_t decided;
};
constexpr Answer kGoOn = {nullptr, 0};

void* ask(void* handle, const char* name, const char* version) {
    return version == nullptr ? heapdrift_next_dlsym(handle, name)
                              : heapdrift_next_dlvsym(handle, name, version);
}

}  // namespace

void* door(const char* name) {
    if (text_equal(name, "dlsym")) return reinterpret_cast<void*>(&heapdrift_own_dlsym);
    if (text_equal(name, "dlvsym")) return reinterpret_cast<void*>(&heapdrift_own_dlvsym);
    return nullptr;
}

// What a module was loaded for is asked for by dlsym, so that is the moment to look at it: to stand
// in for dlopen would be of no use before its constructors run, either.
void begin_to_patch_modules() {
    heapdrift_filter_every_name = true;
    patch_new_modules();
}

// Called from the doors below, for names that begin with "cu".
extern "C" [[gnu::used, gnu::visibility("hidden")]] Answer heapdrift_filter_dlsym(
    void* handle, const char* name, const char* version, const void* caller) {
    if (heapdrift_filter_every_name) {
        // A fork child cannot use CUDA, and a thread that it does not have may hold the lock.
        if (is_recording() && recorder.file.header().identity.forked == 0) patch_new_modules();
        if (name[0] != 'c' || name[1] != 'u') return kGoOn;
    }
    const Entry entry = find_symbol(name);
    if (entry == Entry::count) {
        note_request(name, caller);
        return kGoOn;
    }
    // A driver that leads to another one of its own: that one's functions are its business, and
    // their work is counted at the outer one.
    if (is_driver(caller)) return kGoOn;
    note_request(name, caller);
    if (handle == RTLD_DEFAULT || handle == RTLD_NEXT) {
        // Finds our own function, or what is behind a caller that came through us; nothing where
        // nobody but us defines it.
        if (find_loaded(entry) != nullptr) return kGoOn;
        return {ask(RTLD_NEXT, name, version), 1};
    }
    // The driver's own handle: who asks makes no difference, so this may be a call. An error stays
    // as dlsym has left it.
    void* real = ask(handle, name, version);
    if (real == nullptr) return {nullptr, 1};
    if (real == hook_of(entry))
        return {find_loaded(entry) == nullptr ? ask(RTLD_NEXT, name, version) : real, 1};
    return {lead_through(entry, real) ? hook_of(entry) : real, 1};
}

}  // namespace heapdrift::cuda

asm(R"(
.text
.p2align 4
.globl dlsym
.type dlsym, @function
dlsym:
    .cfi_startproc
    endbr64
    cmpb $0, heapdrift_filter_every_name(%rip)
    jne 2f
    cmpb $'c', (%rsi)
    jne 1f
    cmpb $'u', 1(%rsi)
    je 2f
1:  jmp *heapdrift_next_dlsym(%rip)
2:  push %rdi
    .cfi_adjust_cfa_offset 8
    push %rsi
    .cfi_adjust_cfa_offset 8
    sub $8, %rsp
    .cfi_adjust_cfa_offset 8
    mov 24(%rsp), %rcx
    xor %edx, %edx
    call heapdrift_filter_dlsym
    add $8, %rsp
    .cfi_adjust_cfa_offset -8
    pop %rsi
    .cfi_adjust_cfa_offset -8
    pop %rdi
    .cfi_adjust_cfa_offset -8
    test %rdx, %rdx
    jz 1b
    ret
    .cfi_endproc
.size dlsym, . - dlsym
.globl heapdrift_own_dlsym
.hidden heapdrift_own_dlsym
.set heapdrift_own_dlsym, dlsym

.p2align 4
.globl dlvsym
.type dlvsym, @function
dlvsym:
    .cfi_startproc
    endbr64
    cmpb $0, heapdrift_filter_every_name(%rip)
    jne 2f
    cmpb $'c', (%rsi)
    jne 1f
    cmpb $'u', 1(%rsi)
    je 2f
1:  jmp *heapdrift_next_dlvsym(%rip)
2:  push %rdi
    .cfi_adjust_cfa_offset 8
    push %rsi
    .cfi_adjust_cfa_offset 8
    push %rdx
    .cfi_adjust_cfa_offset 8
    mov 24(%rsp), %rcx
    call heapdrift_filter_dlsym
    mov %rdx, %rcx
    pop %rdx
    .cfi_adjust_cfa_offset -8
    pop %rsi
    .cfi_adjust_cfa_offset -8
    pop %rdi
    .cfi_adjust_cfa_offset -8
    test %rcx, %rcx
    jz 1b
    ret
    .cfi_endproc
.size dlvsym, . - dlvsym
.globl heapdrift_own_dlvsym
.hidden heapdrift_own_dlvsym
.set heapdrift_own_dlvsym, dlvsym
)");
