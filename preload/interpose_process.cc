// The process's ways to end, and to confine itself. Counters need no last word, since they lie in
// the file; what is noted here is how and when the program ended.
//
// exec needs no hook: the next image of the process finds the file and closes it. A vfork child
// shares our memory, so whoever ends it must not end the session: finish_recording compares pids.
#include <linux/seccomp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "preload/cuda/bypass_check.h"
#include "preload/cuda/doors.h"
#include "preload/interpose.h"
#include "preload/lifecycle.h"
#include "preload/page_memory.h"
#include "preload/scan/scan.h"
#include "preload/stack_verifier.h"

using namespace heapdrift;

namespace {

// Looked up at each call: these run once, or a few times, in a process.
template <typename Function>
Function following(const char* name) {
    return reinterpret_cast<Function>(find_next(name));
}

Confinement of_prctl(long mode) {
    return mode == SECCOMP_MODE_STRICT ? Confinement::strict : Confinement::filtered;
}

using Main = int (*)(int, char**, char**);
constinit Main program_main = nullptr;

// From here outwards a thread that ends the process may use its stack still: the registers that a
// caller expects back were saved at the lower end of this function's frame.
#define HEAPDRIFT_FRAME_IN_USE \
    (__builtin_unwind_init(),  \
     static_cast<const void*>(static_cast<const uint64_t*>(__builtin_frame_address(0)) - 5))

// Only where the loader's locks may be waited for: exit takes them itself.
void note_cuda_bypass() {
    if (is_recording() && !memory_confined()) cuda::check_for_bypass();
}

int run_main(int argc, char** argv, char** environment) {
    // Begun when we were loaded, or not before the first allocation.
    if (is_recording()) {
        prepare_stack_verifier();
        if (recorder.options.cuda_patch != 0) cuda::begin_to_patch_modules();
    }
    const int status = program_main(argc, argv, environment);
    note_cuda_bypass();
    // What main had on its stack is gone.
    note_exit_began(status, __builtin_dwarf_cfa());
    return status;
}

}  // namespace

// libc calls main from here; return from main is seen by standing in between.
HEAPDRIFT_EXPORT int __libc_start_main(Main main, int argc, char** argv, void (*init)(),
                                       void (*fini)(), void (*rtld_fini)(), void* stack_end) {
    using Start = int (*)(Main, int, char**, void (*)(), void (*)(), void (*)(), void*);
    program_main = main;
    return following<Start>("__libc_start_main")(run_main, argc, argv, init, fini, rtld_fini,
                                                 stack_end);
}

HEAPDRIFT_EXPORT void exit(int status) {
    note_cuda_bypass();
    note_exit_began(status, HEAPDRIFT_FRAME_IN_USE);
    following<void (*)(int)>("exit")(status);
    __builtin_unreachable();
}

HEAPDRIFT_EXPORT void quick_exit(int status) {
    note_exit_began(status, HEAPDRIFT_FRAME_IN_USE);
    finish_recording();
    following<void (*)(int)>("quick_exit")(status);
    __builtin_unreachable();
}

HEAPDRIFT_EXPORT void _exit(int status) {
    note_exit_began(status, HEAPDRIFT_FRAME_IN_USE);
    finish_recording();
    following<void (*)(int)>("_exit")(status);
    __builtin_unreachable();
}

HEAPDRIFT_EXPORT void _Exit(int status) {
    note_exit_began(status, HEAPDRIFT_FRAME_IN_USE);
    finish_recording();
    following<void (*)(int)>("_Exit")(status);
    __builtin_unreachable();
}

HEAPDRIFT_EXPORT int prctl(int option, ...) {
    va_list list;
    va_start(list, option);
    unsigned long arguments[4];
    for (unsigned long& argument : arguments) argument = va_arg(list, unsigned long);
    va_end(list);
    const auto next_prctl = following<int (*)(int, ...)>("prctl");
    if (option != PR_SET_SECCOMP) {
        const int result =
            next_prctl(option, arguments[0], arguments[1], arguments[2], arguments[3]);
        if (option == PR_SET_PTRACER && result == 0) scan::note_tracer_allowed(arguments[0]);
        return result;
    }
    const Confinement before = note_confined(of_prctl(static_cast<long>(arguments[0])));
    const int result = next_prctl(option, arguments[0], arguments[1], arguments[2], arguments[3]);
    if (result != 0) note_confined(before);
    return result;
}

HEAPDRIFT_EXPORT long syscall(long number, ...) {
    va_list list;
    va_start(list, number);
    long arguments[6];
    for (long& argument : arguments) argument = va_arg(list, long);
    va_end(list);
    static constinit std::atomic<long (*)(long, ...)> next_syscall{nullptr};
    auto function = next_syscall.load(std::memory_order_relaxed);
    if (function == nullptr) next_syscall = function = following<long (*)(long, ...)>("syscall");
    const bool by_prctl = number == SYS_prctl && arguments[0] == PR_SET_SECCOMP;
    const bool by_seccomp = number == SYS_seccomp && arguments[0] <= SECCOMP_SET_MODE_FILTER;
    Confinement before = Confinement::none;
    if (by_prctl) before = note_confined(of_prctl(arguments[1]));
    if (by_seccomp)
        before = note_confined(arguments[0] == SECCOMP_SET_MODE_STRICT ? Confinement::strict
                                                                       : Confinement::filtered);
    const long result = function(number, arguments[0], arguments[1], arguments[2], arguments[3],
                                 arguments[4], arguments[5]);
    if ((by_prctl || by_seccomp) && result < 0) note_confined(before);
    if (number == SYS_prctl && arguments[0] == PR_SET_PTRACER && result == 0)
        scan::note_tracer_allowed(static_cast<uint64_t>(arguments[1]));
    return result;
}
