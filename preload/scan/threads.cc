#include "preload/scan/threads.h"

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "preload/scan/spawn.h"
#include "preload/syscalls.h"
#include "preload/text.h"
#include "preload/vdso_clock.h"

namespace heapdrift::scan {
namespace {

// A thread that does not stop within this, in a vfork or on a dead disk, stays unknown.
constexpr uint64_t kPatienceNs = 100'000'000;
// At its end the process has nothing to lose by waiting, and a thread that is to stop must get a
// processor first.
constexpr uint64_t kPatienceAtExitNs = 2'000'000'000;
// Below its stack pointer a function that calls nothing may use so much.
constexpr uint64_t kRedZone = 128;
constexpr uint64_t kVectorBytes = 4096;

struct DirectoryEntry {
    uint64_t inode;
    int64_t offset;
    uint16_t size;
    uint8_t type;
    char name[1];
};

bool is_listed(const Context& context, uint32_t tid) {
    if (tid == context.caller_tid) return true;
    for (uint32_t i = 0; i < context.thread_count; ++i)
        if (context.threads[i].tid == tid) return true;
    return false;
}

long trace(long request, uint32_t tid, uint64_t address, uint64_t data) {
    return sys::call(SYS_ptrace, request, tid, static_cast<long>(address), static_cast<long>(data));
}

// Notes what a stopped thread has in its registers.
bool read_registers(Context& context, Thread& thread) {
    constexpr uint64_t kWords = (sizeof(user_regs_struct) + kVectorBytes) / sizeof(uint64_t);
    if (context.register_count + kWords > context.register_capacity) return false;
    uint64_t* words = context.registers + context.register_count;
    iovec general{words, sizeof(user_regs_struct)};
    if (sys::failed(
            trace(PTRACE_GETREGSET, thread.tid, NT_PRSTATUS, reinterpret_cast<uint64_t>(&general))))
        return false;
    const auto* values = reinterpret_cast<const user_regs_struct*>(words);
    thread.sp = values->rsp - kRedZone;
    thread.pointer = values->fs_base;
    context.register_count += sizeof(user_regs_struct) / sizeof(uint64_t);
    iovec vectors{words + sizeof(user_regs_struct) / sizeof(uint64_t), kVectorBytes};
    if (sys::failed(trace(PTRACE_GETREGSET, thread.tid, NT_X86_XSTATE,
                          reinterpret_cast<uint64_t>(&vectors))))
        return false;
    context.register_count += vectors.iov_len / sizeof(uint64_t);
    return true;
}

// A signal that was about to be delivered when the thread stopped goes on its way.
void detach(uint32_t tid, int status) {
    const bool was_signal = WIFSTOPPED(status) && status >> 16 == 0;
    trace(PTRACE_DETACH, tid, 0, was_signal ? static_cast<uint64_t>(WSTOPSIG(status)) : 0);
}

// The first thread of a process stays listed when it has ended before the others.
bool has_ended_already(const Context& context, uint32_t tid) {
    TextBuffer<64> path;
    path << "/proc/" << uint64_t{context.pid} << "/task/" << uint64_t{tid} << "/stat";
    char text[256];
    text[sys::read_file(path.text(), text, sizeof(text) - 1)] = '\0';
    const char* state = text;
    for (const char* c = text; *c != '\0'; ++c)
        if (*c == ')') state = c;
    return text_starts(state, ") Z") || text_starts(state, ") X");
}

// False: the thread is not stopped, and not ours.
bool stop(Context& context, Thread& thread, uint64_t until_ns) {
    if (sys::failed(trace(PTRACE_SEIZE, thread.tid, 0, 0)))
        return has_ended_already(context, thread.tid);
    trace(PTRACE_INTERRUPT, thread.tid, 0, 0);
    int status = 0;
    for (uint64_t pause = 20'000;; pause *= 2) {
        const long waited =
            sys::call(SYS_wait4, thread.tid, sys::address(&status), __WALL | WNOHANG);
        if (waited == thread.tid && WIFSTOPPED(status)) break;
        // Ended, or not to be stopped: our own end sets it free.
        if (waited != 0 || monotonic_ns() > until_ns) return false;
        sleep_ns(pause);
    }
    // Kept for its release: what it was stopped by.
    thread.stopped_by = status;
    if (read_registers(context, thread)) return true;
    detach(thread.tid, status);
    return false;
}

bool list(Context& context, char* buffer, size_t size) {
    TextBuffer<64> path;
    path << "/proc/" << uint64_t{context.pid} << "/task";
    const int directory = sys::open(path.text(), O_RDONLY | O_DIRECTORY);
    if (directory < 0) return false;
    bool complete = true;
    for (;;) {
        const long got =
            sys::call(SYS_getdents64, directory, sys::address(buffer), static_cast<long>(size));
        if (got <= 0) break;
        for (long at = 0; at < got;) {
            const auto* entry = reinterpret_cast<const DirectoryEntry*>(buffer + at);
            at += entry->size;
            uint64_t tid = 0;
            if (parse_number(entry->name, tid) == nullptr ||
                is_listed(context, static_cast<uint32_t>(tid)))
                continue;
            if (context.thread_count == context.threads_capacity) {
                complete = false;
                continue;
            }
            context.threads[context.thread_count++] = {static_cast<uint32_t>(tid), false, 0, 0, 0};
        }
    }
    sys::close(directory);
    return complete;
}

}  // namespace

bool list_threads(Context& context) {
    const bool complete = list(context, context.scratch, Context::kScratchBytes);
    context.uncertain = context.uncertain || !complete;
    return complete;
}

// Threads may appear while the others are being stopped, but not from stopped ones.
void stop_threads(Context& context) {
    const uint64_t until_ns =
        monotonic_ns() + (context.occasion == ScanOccasion::exit ? kPatienceAtExitNs : kPatienceNs);
    uint32_t done = 0;
    for (int round = 0; round < 10; ++round) {
        if (!list_threads(context)) return;
        if (done == context.thread_count) return;
        for (; done < context.thread_count; ++done)
            context.threads[done].known = stop(context, context.threads[done], until_ns);
    }
}

void let_threads_go(const Context& context) {
    for (uint32_t i = 0; i < context.thread_count; ++i)
        if (context.threads[i].known) detach(context.threads[i].tid, context.threads[i].stopped_by);
}

}  // namespace heapdrift::scan
