#include "preload/scan/process_copy.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "preload/cuda/recording.h"
#include "preload/next_allocator.h"
#include "preload/recorder.h"
#include "preload/scan/copy.h"
#include "preload/scan/scan.h"
#include "preload/scan/spawn.h"
#include "preload/scan/threads.h"
#include "preload/signals_blocked.h"
#include "preload/syscalls.h"

namespace heapdrift::scan {
namespace {

// For those that appear meanwhile.
constexpr uint32_t kThreadsToSpare = 64;
constexpr uint32_t kWordsPerThread = 640;  // registers, vectors included

// Fork children find the block table as it is while a copy is being made.
constinit std::atomic<bool> table_kept{false};

constinit std::atomic<uint64_t> tracer_allowed{0};

// The directory of threads has a link for each, and two of its own.
uint32_t thread_count() {
    struct stat status {};
    sys::call(SYS_stat, sys::address("/proc/self/task"), sys::address(&status));
    return static_cast<uint32_t>(status.st_nlink);
}

// Where only ancestors may trace, the process can allow it for a moment. The kernel does not say
// what it allowed before: that was noted, unless it made the system call in a way that we do not
// see.
class TracingAllowed {
public:
    TracingAllowed() {
        char scope[8] = {};
        needed_ =
            sys::read_file("/proc/sys/kernel/yama/ptrace_scope", scope, 7) != 0 && scope[0] == '1';
        if (needed_) sys::call(SYS_prctl, PR_SET_PTRACER, static_cast<long>(PR_SET_PTRACER_ANY));
    }
    ~TracingAllowed() {
        // Refused for a process that has ended meanwhile: nobody then.
        if (needed_ && sys::failed(sys::call(
                           SYS_prctl, PR_SET_PTRACER,
                           static_cast<long>(tracer_allowed.load(std::memory_order_relaxed)))))
            sys::call(SYS_prctl, PR_SET_PTRACER, 0);
    }
    TracingAllowed(const TracingAllowed&) = delete;
    TracingAllowed& operator=(const TracingAllowed&) = delete;

private:
    bool needed_ = false;
};

// A helper that a seccomp filter kills takes all with it that share its memory, before Linux 5.16.
bool helper_may_be_fatal() {
    char status[4096];
    status[sys::read_file("/proc/self/status", status, sizeof(status) - 1)] = '\0';
    constexpr char kFiltered[] = "\nSeccomp:\t2";
    bool filtered = status[0] == '\0';
    for (const char* at = status; *at != '\0' && !filtered; ++at)
        filtered = text_starts(at, kFiltered);
    if (!filtered) return false;
    utsname system{};
    sys::call(SYS_uname, sys::address(&system));
    uint32_t version[2] = {};
    const char* digit = system.release;
    for (uint32_t& part : version) {
        for (; *digit >= '0' && *digit <= '9'; ++digit)
            part = 10 * part + static_cast<uint32_t>(*digit - '0');
        if (*digit == '.') ++digit;
    }
    return version[0] < 5 || (version[0] == 5 && version[1] < 16);
}

// A helper that hangs, perhaps with a thread that executes another program at this moment, ends by
// itself. The threads that it stopped go on then.
void limit_own_life() {
    constexpr long kSeconds = 5;
    const uint64_t standard_action[4] = {};
    sys::call(SYS_rt_sigaction, SIGALRM, sys::address(standard_action), 0, sizeof(uint64_t));
    const uint64_t alarm = uint64_t{1} << (SIGALRM - 1);
    sys::call(SYS_rt_sigprocmask, SIG_UNBLOCK, sys::address(&alarm), 0, sizeof(alarm));
    const itimerval timer{{0, 0}, {kSeconds, 0}};
    sys::call(SYS_setitimer, ITIMER_REAL, sys::address(&timer), 0);
}

// In the helper, which shares the memory of the process, and whose child is the process's.
void copy_with_threads_stopped(void* argument) {
    auto& memory = *static_cast<ContextMemory*>(argument);
    Context& context = memory.context();
    limit_own_life();
    stop_threads(context);
    context.copy = spawn(CLONE_PARENT, memory.copy_stack_top(), run_copy, &context);
    let_threads_go(context);
}

void spawn_copy(ContextMemory& memory) {
    Context& context = memory.context();
    if (!is_alone(context) && !helper_may_be_fatal()) {
        const TracingAllowed allowed;
        context.copy = 0;
        const long helper = spawn(CLONE_VM | CLONE_FS | CLONE_FILES, memory.helper_stack_top(),
                                  copy_with_threads_stopped, &memory);
        if (!sys::failed(helper)) {
            sys::call(SYS_wait4, helper, 0, __WALL);
            if (context.copy > 0) return;
        }
    }
    context.thread_count = 0;
    context.register_count = 0;
    list_threads(context);
    context.copy = spawn(0, memory.copy_stack_top(), run_copy, &context);
}

}  // namespace

ContextMemory::ContextMemory() {
    context_ = take<Context>(1);
    if (context_ == nullptr) return;
    context_->threads_capacity = thread_count() + kThreadsToSpare;
    context_->threads = take<Thread>(context_->threads_capacity);
    context_->register_capacity = uint64_t{context_->threads_capacity} * kWordsPerThread;
    context_->registers = take<uint64_t>(context_->register_capacity);
    context_->scratch = take<char>(Context::kScratchBytes);
    copy_stack_ = take<char>(kStackBytes);
    helper_stack_ = take<char>(kStackBytes);
}

ContextMemory::~ContextMemory() {
    for (uint32_t i = 0; i < count_; ++i) unmap_pages(pieces_[i].start, pieces_[i].size);
}

template <typename T>
T* ContextMemory::take(uint64_t count) {
    void* start = map_pages(count * sizeof(T));
    if (start == nullptr)
        failed_ = true;
    else
        pieces_[count_++] = {start, count * sizeof(T)};
    return static_cast<T*>(start);
}

bool is_alone(Context& context) {
    const bool alone = list_threads(context) && context.thread_count == 0;
    context.thread_count = 0;
    return alone;
}

void make_copy(ContextMemory& memory) {
    Context& context = memory.context();
    context.copy = -1;
    const SignalsBlocked blocked;
    table_kept.store(true, std::memory_order_relaxed);
    const bool kept = recorder.blocks.keep_on_fork(true);
    const bool driver =
        recorder.file.header().cuda.driver_seen.load(std::memory_order_relaxed) != 0;
    context.devices = context.devices && driver && cuda::objects.hold();
    // Only with another allocator, or with a driver, the copy asks whose mappings there are.
    const bool held = (context.devices || !next_is_glibc()) && recorder.mappings.hold();
    if (kept) spawn_copy(memory);
    if (held) recorder.mappings.release();
    if (context.devices) cuda::objects.release();
    // Where the kernel refuses, fork children go on to drop what they find.
    if (recorder.blocks.keep_on_fork(false)) table_kept.store(false, std::memory_order_relaxed);
}

void note_tracer_allowed(uint64_t tracer) {
    tracer_allowed.store(tracer, std::memory_order_relaxed);
}

void drop_records_of_parent() {
    note_tracer_allowed(0);
    if (table_kept.exchange(false, std::memory_order_relaxed)) recorder.blocks.clear();
}

}  // namespace heapdrift::scan
