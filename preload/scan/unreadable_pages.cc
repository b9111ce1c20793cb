#include "preload/scan/unreadable_pages.h"

#include <signal.h>

#include "preload/syscalls.h"

// What a handler returns to: the kernel wants it from whoever installs one.
asm(".pushsection .text\n"
    ".type heapdrift_return_from_handler, @function\n"
    "heapdrift_return_from_handler:\n\t"
    "movl $15, %eax\n\t"  // rt_sigreturn
    "syscall\n"
    ".size heapdrift_return_from_handler, . - heapdrift_return_from_handler\n"
    ".popsection");
extern "C" __attribute__((visibility("hidden"))) void heapdrift_return_from_handler();

namespace heapdrift::scan {
namespace {

constexpr uint64_t kPage = 4096;
// Guard pages come in ranges: the next ones are made readable at once.
constexpr uint64_t kAtOnce = 2 << 20;
// Since Linux 6.13, and so not in the headers that we are built with.
constexpr int kGuardRemove = 103;
constexpr uint64_t kRestorer = 0x04000000;

// As the kernel has it: libc's struct is another.
struct SignalAction {
    void (*handler)(int, siginfo_t*, void*);
    uint64_t flags;
    void (*restorer)();
    uint64_t mask;
};

// The copy has one thread, and a handler of its own is all that writes these.
constinit uint64_t last_page = 0;
constinit bool replaced = false;
constinit uint64_t bytes = 0;

bool is_mapped(uint64_t page) {
    uint8_t there = 0;
    return !sys::failed(
        sys::call(SYS_mincore, static_cast<long>(page), kPage, sys::address(&there)));
}

// A guard page first; what is still not readable then is replaced.
bool make_readable(uint64_t page) {
    if (page != last_page) {
        last_page = page;
        replaced = false;
        sys::advise(reinterpret_cast<void*>(page), kAtOnce, kGuardRemove);
        return true;
    }
    if (replaced) return false;
    replaced = true;
    bytes += kPage;
    return !sys::failed(sys::call(SYS_mmap, static_cast<long>(page), kPage, PROT_READ,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
}

void handle_fault(int signal, siginfo_t* info, void*) {
    const uint64_t page = reinterpret_cast<uint64_t>(info->si_addr) & ~(kPage - 1);
    if (is_mapped(page) && make_readable(page)) return;
    // A mistake of our own: the copy ends by the same fault again, and the process says so.
    const SignalAction standard{};
    sys::call(SYS_rt_sigaction, signal, sys::address(&standard), 0, sizeof(uint64_t));
}

}  // namespace

void read_unreadable_pages_as_empty() {
    const SignalAction action{handle_fault, SA_SIGINFO | kRestorer, heapdrift_return_from_handler,
                              0};
    const uint64_t faults = uint64_t{1} << (SIGSEGV - 1) | uint64_t{1} << (SIGBUS - 1);
    sys::call(SYS_rt_sigaction, SIGSEGV, sys::address(&action), 0, sizeof(uint64_t));
    sys::call(SYS_rt_sigaction, SIGBUS, sys::address(&action), 0, sizeof(uint64_t));
    sys::call(SYS_rt_sigprocmask, SIG_UNBLOCK, sys::address(&faults), 0, sizeof(faults));
}

uint64_t unreadable_bytes() {
    return bytes;
}

}  // namespace heapdrift::scan
