#include "preload/lifecycle.h"

#include <dlfcn.h>
#include <link.h>
#include <sys/single_threaded.h>
#include <unistd.h>

#include "preload/elf_symbols.h"
#include "preload/large_table.h"
#include "preload/message.h"
#include "preload/next_allocator.h"
#include "preload/operation.h"
#include "preload/options_text.h"
#include "preload/page_memory.h"
#include "preload/recorder.h"
#include "preload/scan/scan.h"
#include "preload/signals_blocked.h"
#include "preload/syscalls.h"
#include "preload/thread_exit.h"
#include "preload/thread_local.h"
#include "preload/unwind/rule_table.h"
#include "preload/vdso_clock.h"
#include "preload/vfork_child.h"

extern "C" void* __libc_stack_end;

namespace heapdrift {
namespace {

HEAPDRIFT_LARGE_TABLE constinit Process first_process{};
static_assert(sizeof(Process) <= kPageSize);

// Pid of the process in which a thread is starting to record. A fork child that finds its parent's
// pid here was forked in the middle of that and starts over.
constinit std::atomic<uint32_t> starting{0};

// Whether this process, or one it was forked from, has recorded; and whether it had to give up,
// which its children need not say again.
constinit bool recorded_before = false;
constinit bool gave_up = false;

constinit bool options_known = false;

// Of a process that was loaded with us and waits for its first allocation; its fork children wait
// as well. 0: nobody waits.
constinit uint32_t waiting_pid = 0;

constinit std::atomic<Confinement> confinement_in_force{Confinement::none};

// Once: what is wrong with them is said.
void read_options() {
    if (options_known) return;
    recorder.options = parse_options(options_text());
    options_known = true;
}

bool make_process_state() {
    void* page = map_pages_wiped_on_fork(kPageSize);
    if (page == nullptr) return false;
    process = static_cast<Process*>(page);
    return true;
}

void give_up() {
    gave_up = true;
    process->state.store(ProcessState::off, std::memory_order_release);
}

void start_recording() {
    const bool forked = recorded_before;
    if (forked) {
        rule_table.reset();
        recorder.forget();
    }
    if (!recorded_before && waiting_pid == 0) remember_stderr();
    recorded_before = true;
    waiting_pid = 0;
    tls.state = nullptr;
    tls.row = nullptr;
    tls.mark = kNoScope;
    if (!gave_up && process == &first_process && !make_process_state()) {
        say(Message() << "not recording process " << sys::pid()
                      << ": no memory, or the kernel has no MADV_WIPEONFORK");
        gave_up = true;
    }
    if (gave_up) {
        give_up();
        return;
    }
    if (!next_allocator_known()) find_next_allocator();
    recorder.blocks.set_spacing(next.spacing);
    BlockTable::prepare_return();
    // A variable of the loader's own.
    dl_find_object loader{};
    if (_dl_find_object(&__libc_stack_end, &loader) == 0) {
        recorder.loader_start = reinterpret_cast<uint64_t>(loader.dlfo_map_start);
        recorder.loader_end = reinterpret_cast<uint64_t>(loader.dlfo_map_end);
    }
    read_options();
    if (!forked) recorder.open();
    recorder.sampler.open(recorder.options.sample);
    if (!recorder.file.create(recorder.options, forked)) {
        give_up();
        return;
    }
    prepare_exit_notices();
    process->state.store(ProcessState::recording, std::memory_order_release);
    settle_ordinary();
}

// False in a vfork child, which shares our memory. A confined program is believed to be itself: to
// ask would be a system call.
bool is_this_process() {
    return process->state.load(std::memory_order_relaxed) == ProcessState::recording &&
           (memory_confined() || recorder.file.header().identity.pid == sys::pid());
}

bool worth_keeping() {
    if (recorder.file.is_root() || recorder.options.root_pid == 0 || recorder.options.keep_all)
        return true;
    Control& control = recorder.file.control();
    for (const auto& dropped : control.dropped)
        if (dropped.load(std::memory_order_relaxed) != 0) return true;
    uint64_t bytes = 0;
    const uint32_t rows = control.thread_count.load(std::memory_order_relaxed);
    for (uint32_t i = 0; i < rows; ++i)
        bytes += recorder.file.thread(i).allocated_bytes.load(std::memory_order_relaxed);
    return bytes >= recorder.options.min_descendant;
}

// The module whose malloc the program calls; nullptr where it is ours. Not told by the function's
// address: where a program's code takes that, it is a place in the program which leads on, and to
// us, too, it is the first one.
const link_map* other_module_with_malloc() {
    const BusyScope internal(Busy::internal);
    const link_map* module = module_of(dlsym(RTLD_DEFAULT, "malloc"));
    if (module == nullptr || module == module_of(&first_process)) return nullptr;
    return find_defined(*module, "malloc") == nullptr ? nullptr : module;
}

// Many small processes never allocate: nothing is done for them. Not so where an earlier image's
// file may have to be marked as ended.
bool may_wait() {
    read_options();
    return recorder.options.file_may_wait() && recorder.options.root_pid != sys::pid() &&
           !SessionFile::name_is_taken(recorder.options);
}

[[gnu::constructor]] void on_load() {
    const link_map* other = other_module_with_malloc();
    other_malloc_first = other != nullptr;
    if (!other_malloc_first &&
        process->state.load(std::memory_order_relaxed) == ProcessState::fresh && may_wait()) {
        remember_stderr();
        waiting_pid = sys::pid();
        return;
    }
    if (!active() || other == nullptr) return;
    // Of the program that it starts `heapdrift run` says it.
    const bool is_program = other->l_name[0] == '\0';
    if (is_program && recorder.file.is_root()) return;
    say(Message() << "process " << sys::pid() << ": malloc is defined by "
                  << (is_program ? "the program itself" : other->l_name)
                  << ", before the recorder; allocations through it are not recorded");
}

[[gnu::destructor]] void on_unload() {
    finish_recording();
}

}  // namespace

constinit Process* process = &first_process;
constinit bool other_malloc_first = false;

// Again until it holds: another thread may pause or go on at the same time.
void settle_ordinary() {
    const auto present = [] {
        if (!is_recording() || !next_is_glibc()) return Ordinary::no;
        if (!recorder.sampler.exact()) return Ordinary::sampled;
        const bool paused = recorder.paused.load(std::memory_order_seq_cst);
        return recorder.options.verify == 0 && !paused ? Ordinary::exact : Ordinary::no;
    };
    do process->ordinary.store(present(), std::memory_order_seq_cst);
    while (process->ordinary.load(std::memory_order_relaxed) != present());
}

bool activate_slow() {
    if (process->state.load(std::memory_order_acquire) == ProcessState::fresh &&
        tls.busy < Busy::internal) {
        // A fork child is confined as its parent was, and to start needs system calls.
        if (memory_confined()) {
            process->state.store(ProcessState::off, std::memory_order_release);
            return false;
        }
        const BusyScope recording(Busy::recording);
        // A handler that left by siglongjmp would leave it begun for ever.
        const SignalsBlocked blocked;
        const uint32_t pid = sys::pid();
        const uint32_t known = waiting_pid != 0 ? waiting_pid : process->first.owner();
        if (known != 0 && known != pid && is_vfork_child()) return false;
        uint32_t other = starting.load(std::memory_order_relaxed);
        if (other != pid && starting.compare_exchange_strong(other, pid)) {
            start_recording();
            if (is_recording() && process->first.any() && attach_thread())
                process->first.enter(*tls.state);
            starting.store(0, std::memory_order_release);
        }
    }
    return process->state.load(std::memory_order_acquire) == ProcessState::recording;
}

bool keeps_first_operations() {
    return process->state.load(std::memory_order_relaxed) == ProcessState::fresh &&
           (recorded_before || waiting_pid != 0) && !gave_up && !process->first.over() &&
           __libc_single_threaded && recorder.options.file_may_wait() &&
           recorder.options.sample == 0 && !memory_confined() &&
           !recorder.paused.load(std::memory_order_relaxed) && tls.scope() == kNoScope;
}

FirstOperations* first_operations() {
    if (tls.busy != Busy::no || !keeps_first_operations()) return nullptr;
    if (process->first.owner() == 0) {
        const uint32_t pid = sys::pid();
        if (waiting_pid != 0 && waiting_pid != pid && is_vfork_child()) return nullptr;
        // In an image that has waited so far. Without the page, which a fork wipes, nothing is
        // kept.
        if (process == &first_process && !make_process_state()) process->first.end();
        process->first.set_owner(pid);
    }
    return &process->first;
}

void note_exit_began(int status, const void* frame) {
    // A fork child that only ends has nothing to record, nor has who still waits.
    if ((recorded_before || waiting_pid != 0) && !is_recording()) return;
    if (!active() || !is_this_process()) return;
    Control& control = recorder.file.control();
    control.exit_status.store(static_cast<uint32_t>(status) & 0xff, std::memory_order_relaxed);
    if (control.exit_began_ns.load(std::memory_order_relaxed) != 0) return;
    scan::note_exit_frame(reinterpret_cast<uint64_t>(frame));
    control.exit_began_epoch.store(epoch_of(control.moment.load(std::memory_order_relaxed)),
                                   std::memory_order_relaxed);
    control.exit_began_ns.store(recorder.file.since_start_ns(), std::memory_order_relaxed);
    if (recorder.options.scan != 0) {
        const BusyScope recording(Busy::recording);
        scan::scan_devices_as_exit_begins();
    }
}

void finish_recording() {
    if (!is_this_process()) return;
    Control& control = recorder.file.control();
    if (control.ended_by.load(std::memory_order_relaxed) != EndedBy::running) return;
    const BusyScope recording(Busy::recording);
    const bool kept = memory_confined() || worth_keeping();
    if (kept) {
        take_snapshot(SnapshotKind::exit, "");
        if (recorder.options.scan != 0) scan::scan_at_exit();
        if (!memory_confined())
            control.own_bytes.fetch_add(recorder.blocks.resident_bytes(),
                                        std::memory_order_relaxed);
    }
    control.ended_ns.store(recorder.file.since_start_ns(), std::memory_order_relaxed);
    // Release: pairs with the reader's acquire; status and time are there before.
    control.ended_by.store(EndedBy::exit, std::memory_order_release);
    if (!kept) recorder.file.remove();
}

Confinement note_confined(Confinement confinement) {
    if (!active()) return Confinement::none;
    const Confinement before = confinement_in_force.exchange(confinement);
    const bool confined = confinement != Confinement::none;
    if (confined && before == Confinement::none) recorder.file.reserve_units();
    set_clocks_frozen(confinement == Confinement::strict);
    set_memory_confined(confined);
    recorder.file.control().confined.store(confined, std::memory_order_relaxed);
    return before;
}

}  // namespace heapdrift
