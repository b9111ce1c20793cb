#include "preload/scan/copy.h"

#include <signal.h>
#include <sys/prctl.h>

#include "preload/next_allocator.h"
#include "preload/recorder.h"
#include "preload/scan/device_objects.h"
#include "preload/scan/driver_memory.h"
#include "preload/scan/roots.h"
#include "preload/scan/unreadable_pages.h"
#include "preload/syscalls.h"
#include "preload/vdso_clock.h"

namespace heapdrift::scan {
namespace {

// What is sent to the program's group, or by name, ends the copy too.
void end_with_the_program() {
    uint64_t signals = 0;
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
        const uint64_t standard_action[4] = {};
        sys::call(SYS_rt_sigaction, signal, sys::address(standard_action), 0, sizeof(uint64_t));
        signals |= uint64_t{1} << (signal - 1);
    }
    sys::call(SYS_rt_sigprocmask, SIG_UNBLOCK, sys::address(&signals), 0, sizeof(signals));
}

// What the program does not want to hear of it keeps, with all that this leads to: so does
// LeakSanitizer.
void reach_ignored(const BlockIndex& index, Marking& marking) {
    if (!recorder.scopes.any_ignored()) return;
    const uint32_t sites = recorder.file.control().site_count.load(std::memory_order_relaxed);
    for (const Block& block : index.blocks())
        if (block.site() != 0 && block.site() <= sites &&
            recorder.file.site(block.site()).scope == kIgnoredScope)
            marking.reach(block.start());
}

// Nothing of the program's may see this process: not its files, which others wait to be closed,
// nor its share of the processor and memory.
void withdraw(const Context& context) {
    if (sys::failed(sys::call(SYS_close_range, 0, ~0u, 0))) {
        constexpr uint64_t kMost = 1 << 16;
        const uint64_t limit = sys::limit(RLIMIT_NOFILE);
        for (uint64_t fd = 0; fd < (limit < kMost ? limit : kMost); ++fd)
            sys::close(static_cast<int>(fd));
    }
    end_with_the_program();
    const rlimit64 no_core{0, 0};
    sys::call(SYS_prlimit64, 0, RLIMIT_CORE, sys::address(&no_core), 0);
    sys::call(SYS_prctl, PR_SET_NAME, sys::address("heapdrift-scan"));
    constexpr char kFirstToDie[] = "1000";
    if (const int fd = sys::open("/proc/self/oom_score_adj", O_WRONLY); fd >= 0) {
        sys::write(fd, kFirstToDie, sizeof(kFirstToDie) - 1);
        sys::close(fd);
    }
    // At exit the program waits for us: then to be slow would be no kindness.
    constexpr long kLeastPriority = 19;
    if (context.occasion == ScanOccasion::requested)
        sys::call(SYS_setpriority, PRIO_PROCESS, 0, kLeastPriority);
}

struct SiteCounts {
    ScanCounts kinds[kReachKinds];
};

// Sums the marks by site, and notes what is lost for the second scan.
class Tally {
public:
    Tally(const Context& context, const BlockIndex& index, const DeviceObjects& devices)
        : context_(context), index_(index), devices_(devices) {}

    bool sum_up() {
        sites_ = recorder.file.control().site_count.load(std::memory_order_relaxed) + 1;
        counts_ = static_cast<SiteCounts*>(map_pages(sites_ * sizeof(SiteCounts)));
        if (counts_ == nullptr) return false;
        const Findings* earlier = context_.earlier;
        Findings& findings = *context_.findings;
        findings.lost_count = 0;
        if (earlier != nullptr) known_ = {earlier->lost, earlier->lost + earlier->lost_blocks};
        for (const Block& block : index_.blocks())
            count({block.start(), block.site(), block.size(), block.mark()}, context_.uncertain,
                  totals_);
        findings.lost_blocks = findings.lost_count;
        if (earlier != nullptr)
            known_ = {earlier->lost + earlier->lost_blocks, earlier->lost + earlier->lost_count};
        const bool uncertain = context_.uncertain || devices_.unseen();
        if (const Findings* then = context_.as_exit_began; then != nullptr)
            known_as_exit_began_ = {then->lost + then->lost_blocks, then->lost + then->lost_count};
        for (const DeviceObject& object : devices_.objects())
            if (object.site != 0)
                count({object.start, object.site, object.bytes, mark_of(object)}, uncertain,
                      device_totals_);
        return true;
    }
    void write(const ScanDescriptor& scan) const;

private:
    struct Found {
        uint64_t address;
        uint32_t site;
        uint64_t size;
        Mark mark;
    };
    struct Known {
        const uint64_t* at;
        const uint64_t* end;
    };

    static void add(ScanCounts& counts, uint64_t size) {
        ++counts.blocks;
        counts.bytes += size;
    }
    void count(const Found& found, bool uncertain, ScanCounts (&totals)[kReachKinds]) {
        const auto kind = static_cast<size_t>(kind_of(found, uncertain));
        add(totals[kind], found.size);
        if (found.site < sites_) add(counts_[found.site].kinds[kind], found.size);
    }
    Reach kind_of(const Found& found, bool uncertain) {
        if (found.mark == Mark::reachable) return Reach::reachable;
        if (found.mark == Mark::possible || found.mark == Mark::seed) return Reach::possible;
        Findings& findings = *context_.findings;
        if (findings.lost_count < Findings::kMost)
            findings.lost[findings.lost_count++] = found.address;
        if (uncertain || (context_.earlier != nullptr && !is_among(known_, found.address)))
            return Reach::possible;
        return found.mark == Mark::indirect ? Reach::indirect : Reach::direct;
    }
    // All scans see what is lost in the order of its addresses.
    static bool is_among(Known& known, uint64_t address) {
        while (known.at != known.end && *known.at < address) ++known.at;
        return known.at != known.end && *known.at == address;
    }
    // What the program's end undid is not lost by it.
    Mark mark_of(const DeviceObject& object) {
        const bool lost = object.mark != Mark::reachable && object.mark != Mark::possible;
        return lost && context_.as_exit_began != nullptr &&
                       !is_among(known_as_exit_began_, object.start)
                   ? Mark::reachable
                   : object.mark;
    }

    const Context& context_;
    const BlockIndex& index_;
    const DeviceObjects& devices_;
    SiteCounts* counts_ = nullptr;
    uint64_t sites_ = 0;
    // Of what earlier scans found lost, what is not behind yet.
    Known known_{};
    Known known_as_exit_began_{};
    ScanCounts totals_[kReachKinds] = {};
    ScanCounts device_totals_[kReachKinds] = {};
};

// Readers may look at any time: what stood there is marked as being rewritten first.
void Tally::write(const ScanDescriptor& scan) const {
    for (uint32_t i = 0; i < context_.segment_count; ++i) {
        ScanSegment& segment = *context_.segments[i];
        segment.scan.state.store(ScanState::writing, std::memory_order_relaxed);
        segment.scan.number = 0;
    }
    std::atomic_thread_fence(std::memory_order_release);
    uint32_t part = 0;
    uint32_t row = 0;
    for (uint32_t site = 0; site < sites_; ++site) {
        bool any = false;
        for (const ScanCounts& kind : counts_[site].kinds) any = any || kind.blocks != 0;
        if (!any) continue;
        if (row == kScanRowsPerSegment) {
            context_.segments[part]->scan.rows = row;
            ++part;
            row = 0;
        }
        // Room for all sites was made.
        if (part == context_.segment_count) break;
        ScanRow& entry = context_.segments[part]->rows[row++];
        entry.site = site;
        for (size_t kind = 0; kind < kReachKinds; ++kind)
            entry.kinds[kind] = counts_[site].kinds[kind];
    }
    if (part < context_.segment_count) context_.segments[part++]->scan.rows = row;
    for (uint32_t i = 0; i < part; ++i) {
        ScanDescriptor& to = context_.segments[i]->scan;
        to.part = i;
        to.parts = part;
        to.occasion = scan.occasion;
        to.flags = scan.flags;
        to.threads = scan.threads;
        to.unknown_threads = scan.unknown_threads;
        to.time_ns = scan.time_ns;
        to.held_ns = scan.held_ns;
        to.scan_ns = scan.scan_ns;
        to.memory_bytes = scan.memory_bytes;
        to.root_bytes = scan.root_bytes;
        to.block_bytes = scan.block_bytes;
        to.skipped_bytes = scan.skipped_bytes;
        to.skipped_blocks = scan.skipped_blocks;
        for (size_t kind = 0; kind < kReachKinds; ++kind) {
            to.totals[kind] = totals_[kind];
            to.device_totals[kind] = device_totals_[kind];
        }
        to.number = scan.number;
        // Release: pairs with the reader's acquire of state.
        to.state.store(ScanState::complete, std::memory_order_release);
    }
}

ScanObstacle scan(Context& context) {
    const uint64_t begun_ns = monotonic_ns();
    MemoryMap map;
    BlockIndex index;
    if (!map.read()) return ScanObstacle::ended;
    if (!index.fill(recorder.blocks, map, next_is_glibc())) return ScanObstacle::memory;
    DeviceObjects devices;
    DriverMemory driver;
    if (context.devices && (!devices.fill(map) || !driver.find(devices)))
        return ScanObstacle::memory;
    Marking marking(index, map, devices, driver, {context.deadline_ns, context.pid});
    Roots roots(context, map, index, driver, marking, context.gaps);
    if (!roots.search()) return ScanObstacle::memory;
    reach_ignored(index, marking);
    marking.sort_out_the_rest();
    if (marking.failed())
        return monotonic_ns() > context.deadline_ns ? ScanObstacle::ended : ScanObstacle::memory;

    ScanDescriptor descriptor{};
    descriptor.number = context.number;
    descriptor.occasion = context.occasion;
    descriptor.threads = context.thread_count;
    for (uint32_t i = 0; i < context.thread_count; ++i)
        descriptor.unknown_threads += !context.threads[i].known;
    context.uncertain = context.uncertain || descriptor.unknown_threads != 0;
    descriptor.flags =
        (context.conclusive ? kScanConfirmed : 0) | (context.gaps ? kScanGaps : 0) |
        (context.uncertain ? kScanUncertain : 0) | (next_is_glibc() ? 0 : kScanOtherAllocator) |
        (context.devices ? kScanDevices : 0) | (devices.unseen() ? kScanDevicesUnseen : 0);
    descriptor.time_ns = context.time_ns;
    const uint64_t held_ns = context.findings->held_ns.load(std::memory_order_relaxed);
    // Not yet known where the thread has not had the processor since.
    descriptor.held_ns = held_ns != 0 ? held_ns : monotonic_ns() - context.begun_ns;
    descriptor.root_bytes = marking.root_bytes();
    descriptor.block_bytes = marking.block_bytes();
    descriptor.skipped_bytes = roots.skipped_bytes() + unreadable_bytes();
    descriptor.skipped_blocks = index.skipped();
    descriptor.memory_bytes = index.bytes() + devices.bytes() + marking.bytes();
    Tally tally(context, index, devices);
    if (!tally.sum_up()) return ScanObstacle::memory;
    descriptor.scan_ns = monotonic_ns() - begun_ns;
    tally.write(descriptor);
    return ScanObstacle::none;
}

}  // namespace

void run_copy(void* argument) {
    auto& context = *static_cast<Context*>(argument);
    withdraw(context);
    read_unreadable_pages_as_empty();
    const ScanObstacle obstacle = scan(context);
    Control& control = recorder.file.control();
    if (context.conclusive || obstacle != ScanObstacle::none) {
        control.scan_obstacle.store(obstacle, std::memory_order_relaxed);
        control.scan_ended.store(context.number, std::memory_order_release);
    }
    context.findings->obstacle.store(obstacle, std::memory_order_relaxed);
    // Release: pairs with the process's acquire.
    context.findings->complete.store(1, std::memory_order_release);
}

}  // namespace heapdrift::scan
