#include "preload/scan/scan.h"

#include "preload/cuda/recording.h"
#include "preload/page_memory.h"
#include "preload/recorder.h"
#include "preload/scan/obstacles.h"
#include "preload/scan/process_copy.h"
#include "preload/scan/result_segments.h"
#include "preload/scan/spawn.h"
#include "preload/signals_blocked.h"
#include "preload/syscalls.h"
#include "preload/thread_local.h"
#include "preload/vdso_clock.h"

namespace heapdrift::scan {
namespace {

constexpr uint64_t kMs = 1'000'000;
constexpr uint64_t kLongestScanNs = 60'000 * kMs;
// It gives up by itself before.
constexpr uint64_t kLongestCopyNs = kLongestScanNs + 10'000 * kMs;
// Between the first scan's end and the second: what was on its way from one place to another in the
// first has arrived.
constexpr uint64_t kBetweenNs = 20 * kMs;
constexpr uint64_t kLookAgainNs = 5 * kMs;

enum class Phase : uint8_t { idle, first, between, second };

// Of the scan that goes on. Whoever has `busy` may touch it.
struct Progress {
    std::atomic<bool> busy{false};
    std::atomic<bool> going_on{false};
    std::atomic<uint64_t> next_look_ns{0};
    Phase phase = Phase::idle;
    ScanOccasion occasion = ScanOccasion::requested;
    uint32_t number = 0;
    long copy = 0;
    uint64_t copy_begun_ns = 0;
    Findings* findings[2] = {};
    Findings* as_exit_began = nullptr;
    bool devices_unknown = false;  // that scan has no result
    ResultSegments segments;
};
constinit Progress progress;

constinit std::atomic<bool> memory_withheld{false};
constinit std::atomic<bool> blocks_unrecorded{false};

constinit uint64_t exit_frame = 0;
constinit uint64_t exit_thread_pointer = 0;

// Begins the first or the second scan. sp: from there outwards the caller's stack is in use.
ScanObstacle begin(uint64_t sp) {
    const uint64_t begun_ns = monotonic_ns();
    const bool second = progress.phase == Phase::between;
    if (!memory_suffices()) return ScanObstacle::memory;
    if (!progress.segments.reserve()) return ScanObstacle::file;
    Findings*& findings = progress.findings[second ? 1 : 0];
    if (findings == nullptr) findings = static_cast<Findings*>(map_shared_pages(sizeof(Findings)));
    ContextMemory memory;
    if (findings == nullptr || !memory.complete()) return ScanObstacle::memory;

    Context& context = memory.context();
    context.number = progress.number;
    context.occasion = progress.occasion;
    context.time_ns = recorder.file.since_start_ns();
    context.begun_ns = begun_ns;
    context.deadline_ns = begun_ns + kLongestScanNs;
    context.pid = sys::pid();
    context.caller_tid = sys::tid();
    context.caller_pointer = StackBounds::thread_pointer();
    context.caller_sp = sp;
    context.segments = progress.segments.first();
    context.segment_count = progress.segments.count();
    context.earlier = second ? progress.findings[0] : nullptr;
    context.as_exit_began = progress.as_exit_began;
    context.findings = findings;
    context.uncertain = memory_withheld.load(std::memory_order_relaxed);
    context.gaps = blocks_unrecorded.load(std::memory_order_relaxed);
    for (const auto& dropped : recorder.file.control().dropped)
        context.gaps = context.gaps || dropped.load(std::memory_order_relaxed) != 0;
    // A process alone stands still while it waits for the result.
    context.conclusive = second || (progress.occasion == ScanOccasion::exit && is_alone(context));
    context.devices = !progress.devices_unknown;
    make_copy(memory);
    if (context.copy <= 0) return ScanObstacle::copy;
    findings->held_ns.store(monotonic_ns() - begun_ns, std::memory_order_relaxed);
    progress.copy = context.copy;
    progress.copy_begun_ns = begun_ns;
    progress.segments.take_others_next();
    progress.phase = context.conclusive ? Phase::second : Phase::first;
    return ScanObstacle::none;
}

void end(ScanObstacle obstacle) {
    Control& control = recorder.file.control();
    control.scan_obstacle.store(obstacle, std::memory_order_relaxed);
    control.scan_ended.store(progress.number, std::memory_order_release);
    for (Findings*& findings : progress.findings) {
        if (findings != nullptr) unmap_pages(findings, sizeof(Findings));
        findings = nullptr;
    }
    progress.phase = Phase::idle;
    progress.going_on.store(false, std::memory_order_relaxed);
}

void start(ScanOccasion occasion, uint32_t number, uint64_t sp) {
    Control& control = recorder.file.control();
    progress.number = number;
    progress.occasion = occasion;
    progress.phase = Phase::idle;
    progress.going_on.store(true, std::memory_order_relaxed);
    control.scan_started.store(number, std::memory_order_relaxed);
    ScanObstacle obstacle = check_process();
    if (obstacle == ScanObstacle::none) obstacle = begin(sp);
    if (obstacle != ScanObstacle::none) end(obstacle);
}

// The copy has ended.
void take_findings() {
    const Findings& findings = *progress.findings[progress.findings[1] != nullptr];
    // Acquire: pairs with the copy's release.
    const ScanObstacle obstacle = findings.complete.load(std::memory_order_acquire) == 0
                                      ? ScanObstacle::ended
                                      : findings.obstacle.load(std::memory_order_relaxed);
    if (obstacle != ScanObstacle::none || progress.phase == Phase::second)
        end(obstacle);
    else
        progress.phase = Phase::between;
}

void scan_again(uint64_t sp) {
    if (const ScanObstacle obstacle = begin(sp); obstacle != ScanObstacle::none) end(obstacle);
}

// At exit, whatever goes on. False where another thread does not let it go.
bool take_over() {
    // Another thread may be making a copy.
    for (int i = 0; progress.busy.exchange(true, std::memory_order_acquire); ++i) {
        constexpr int kRounds = 1000;
        if (i == kRounds) return false;
        sleep_ns(kMs);
    }
    if (progress.phase == Phase::first || progress.phase == Phase::second)
        kill_and_wait(progress.copy);
    if (progress.phase != Phase::idle) end(ScanObstacle::ended);
    return true;
}

void start_at_exit(uint64_t sp) {
    Control& control = recorder.file.control();
    const uint32_t number = control.scan_requested.load(std::memory_order_relaxed) + 1;
    control.scan_requested.store(number, std::memory_order_relaxed);
    start(ScanOccasion::exit, number, sp);
}

uint64_t used_stack() {
    return exit_thread_pointer == StackBounds::thread_pointer() && exit_frame != 0
               ? exit_frame
               : reinterpret_cast<uint64_t>(__builtin_frame_address(0));
}

bool is_the_recorded_process() {
    return recorder.file.header().identity.pid == sys::pid();
}

}  // namespace

void note_exit_frame(uint64_t frame) {
    if (exit_frame != 0) return;
    exit_frame = frame;
    exit_thread_pointer = StackBounds::thread_pointer();
}

void note_memory_withheld() {
    memory_withheld.store(true, std::memory_order_relaxed);
}

void note_unrecorded_blocks() {
    blocks_unrecorded.store(true, std::memory_order_relaxed);
}

void forget() {
    drop_records_of_parent();
    progress.busy.store(false, std::memory_order_relaxed);
    progress.going_on.store(false, std::memory_order_relaxed);
    progress.phase = Phase::idle;
    progress.copy = 0;
    for (Findings*& findings : progress.findings) findings = nullptr;
    progress.segments.forget();
    progress.as_exit_began = nullptr;
    progress.devices_unknown = false;
    exit_frame = 0;
}

bool wanted() {
    const Control& control = recorder.file.control();
    return progress.going_on.load(std::memory_order_relaxed) ||
           control.scan_requested.load(std::memory_order_relaxed) !=
               control.scan_started.load(std::memory_order_relaxed);
}

void go_on() {
    const uint64_t now = monotonic_ns();
    if (memory_confined()) {
        Control& control = recorder.file.control();
        const uint32_t number = control.scan_requested.load(std::memory_order_relaxed);
        control.scan_started.store(number, std::memory_order_relaxed);
        control.scan_obstacle.store(ScanObstacle::confined, std::memory_order_relaxed);
        control.scan_ended.store(number, std::memory_order_release);
        progress.going_on.store(false, std::memory_order_relaxed);
        return;
    }
    if (now < progress.next_look_ns.load(std::memory_order_relaxed) || !is_the_recorded_process())
        return;
    // A handler that left by siglongjmp would leave `busy` set.
    const SignalsBlocked blocked;
    if (progress.busy.exchange(true, std::memory_order_acquire)) return;
    progress.next_look_ns.store(now + kLookAgainNs, std::memory_order_relaxed);
    // The block that is being handed out right now may be in a register of our own alone: all of
    // them are saved above the stack pointer first.
    uint64_t here;
    __builtin_unwind_init();
    asm volatile("movq %%rsp, %0" : "=r"(here));
    Control& control = recorder.file.control();
    if (!progress.going_on.load(std::memory_order_relaxed)) {
        const uint32_t number = control.scan_requested.load(std::memory_order_relaxed);
        if (number != control.scan_started.load(std::memory_order_relaxed))
            start(ScanOccasion::requested, number, here);
    } else if (progress.phase == Phase::between) {
        scan_again(here);
    } else if (has_ended(progress.copy)) {
        take_findings();
        progress.next_look_ns.store(now + kBetweenNs, std::memory_order_relaxed);
    } else if (now > progress.copy_begun_ns + kLongestCopyNs) {
        kill_and_wait(progress.copy);
        end(ScanObstacle::ended);
    }
    progress.busy.store(false, std::memory_order_release);
}

void scan_devices_as_exit_begins() {
    if (memory_confined() || !cuda::objects.any() || !take_over()) return;
    start_at_exit(used_stack());
    progress.devices_unknown = true;
    if (progress.phase != Phase::idle) {
        if (!wait_for(progress.copy, kLongestCopyNs)) kill_and_wait(progress.copy);
        Findings*& found = progress.findings[0];
        // Acquire: pairs with the copy's release.
        if (found->complete.load(std::memory_order_acquire) != 0 &&
            found->obstacle.load(std::memory_order_relaxed) == ScanObstacle::none) {
            progress.as_exit_began = found;
            found = nullptr;
            progress.devices_unknown = false;
        }
        end(progress.devices_unknown ? ScanObstacle::ended : ScanObstacle::none);
    }
    progress.busy.store(false, std::memory_order_release);
}

void scan_at_exit() {
    if (memory_confined()) {
        recorder.file.control().scan_obstacle.store(ScanObstacle::confined,
                                                    std::memory_order_relaxed);
        return;
    }
    if (!take_over()) return;
    const uint64_t sp = used_stack();
    start_at_exit(sp);
    while (progress.phase != Phase::idle) {
        if (!wait_for(progress.copy, kLongestCopyNs)) {
            kill_and_wait(progress.copy);
            end(ScanObstacle::ended);
            break;
        }
        take_findings();
        if (progress.phase != Phase::between) break;
        sleep_ns(kBetweenNs);
        scan_again(sp);
    }
    progress.busy.store(false, std::memory_order_release);
}

}  // namespace heapdrift::scan
