#include "preload/message.h"

#include <signal.h>
#include <unistd.h>

#include "preload/syscalls.h"

namespace heapdrift {
namespace {

// The kernel's set: bit N - 1 is signal N.
using SignalSet = uint64_t;
// Raised for the writing thread: the reader of a pipe is gone, a file has reached RLIMIT_FSIZE.
constexpr SignalSet kRaisedByWrite = SignalSet{1} << (SIGPIPE - 1) | SignalSet{1} << (SIGXFSZ - 1);

constinit bool remembered = false;
constinit dev_t device = 0;
constinit ino_t inode = 0;

bool stderr_status(struct stat& status) {
    return !sys::failed(sys::call(SYS_fstat, STDERR_FILENO, sys::address(&status)));
}

bool stderr_is_the_programs_own() {
    struct stat status {};
    return remembered &&
           (!stderr_status(status) || status.st_dev != device || status.st_ino != inode);
}

}  // namespace

void remember_stderr() {
    struct stat status {};
    if (stderr_status(status)) {
        device = status.st_dev;
        inode = status.st_ino;
    }
    remembered = true;
}

void say(const Message& message) {
    if (stderr_is_the_programs_own()) return;
    TextBuffer<1100> line;
    line << "heapdrift: " << message.text() << "\n";
    SignalSet before = 0;
    SignalSet pending = 0;
    sys::call(SYS_rt_sigprocmask, SIG_BLOCK, sys::address(&kRaisedByWrite), sys::address(&before),
              sizeof(SignalSet));
    sys::call(SYS_rt_sigpending, sys::address(&pending), sizeof(SignalSet));
    sys::write(STDERR_FILENO, line.text(), line.size());
    // Ours are taken back; one that the program had pending already stays.
    const SignalSet ours = kRaisedByWrite & ~pending;
    const struct timespec at_once {};
    while (sys::call(SYS_rt_sigtimedwait, sys::address(&ours), 0, sys::address(&at_once),
                     sizeof(SignalSet)) > 0) {
    }
    sys::call(SYS_rt_sigprocmask, SIG_SETMASK, sys::address(&before), 0, sizeof(SignalSet));
}

}  // namespace heapdrift
