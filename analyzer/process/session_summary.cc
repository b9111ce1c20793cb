#include "analyzer/process/session_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <ctime>

#include "analyzer/input/counters_at.h"
#include "analyzer/input/session_info.h"
#include "analyzer/model/failure.h"
#include "core/session_view.h"

namespace heapdrift::process {
namespace {

double seconds_since(uint64_t monotonic_ns) {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const uint64_t now_ns =
        static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
    return static_cast<double>(now_ns - std::min(now_ns, monotonic_ns)) * 1e-9;
}

bool is_truncated(const SessionView& view, const Site& site) {
    // Acquire: pairs with the recorder's release of node; the stack behind it is finished.
    uint32_t node_id = site.node.load(std::memory_order_acquire);
    // A made-up file may have parents in a circle.
    for (size_t depth = 0; depth <= kMaxDepth + 1; ++depth) {
        const Node* node = node_id == 0 ? nullptr : view.node(node_id);
        if (node == nullptr) return true;
        if (node->kind == FrameKind::root) return node->end != StackEnd::complete;
        node_id = node->parent;
    }
    return true;
}

void add_counters(const SessionView& view, SessionSummary& summary) {
    constexpr std::array<uint32_t, 1> kPoints = {input::kCurrent};
    const Mode mode = view.header().identity.mode;
    uint64_t allocations = 0;
    uint64_t truncated_allocations = 0;
    const std::vector<Counters> counters = input::counters_at(view, kPoints).front();
    uint64_t deallocated_bytes = 0;
    uint64_t allocated_bytes = 0;
    for (uint32_t id = 0; id < counters.size(); ++id) {
        const Site* site = view.site(id);
        if (site == nullptr) continue;
        summary.allocated_bytes += counters[id].allocated_bytes;
        if (!domain_in_total(site->domain)) continue;
        allocations += counters[id].allocations;
        if (counters[id].allocations > 0 && is_truncated(view, *site))
            truncated_allocations += counters[id].allocations;
        allocated_bytes += counters[id].allocated_bytes;
        deallocated_bytes += counters[id].deallocated_bytes;
    }
    summary.allocations = input::whole_count(allocations, mode);
    summary.truncated_allocations = input::whole_count(truncated_allocations, mode);
    summary.own_bytes = view.header().control.own_bytes.load();
    // A reader of a running process can see a deallocation before its allocation.
    summary.live_bytes = allocated_bytes - std::min(allocated_bytes, deallocated_bytes);
}

}  // namespace

SessionSummary summarize_session(const input::MappedFile& file, const std::string& path) {
    const SessionView view(file.bytes());
    if (view.error() != ViewError::none)
        throw Failure(fmt::format("{}: {}", path, view_error_text(view.error())));
    SessionSummary summary;
    summary.device = file.device();
    summary.inode = file.inode();
    summary.info = input::read_session_info(view, path, file.device(), file.inode());
    summary.losses = input::read_losses(view);
    summary.seconds = summary.running() ? seconds_since(view.header().identity.started_monotonic_ns)
                                        : summary.info.last_seconds;
    summary.started_monotonic_ns = view.header().identity.started_monotonic_ns;
    add_counters(view, summary);
    // Each thread tells its balance in steps, so the mark may be a step behind what is live.
    summary.peak_live_bytes =
        std::max(summary.live_bytes, view.header().control.peak_live_bytes.load());
    return summary;
}

SessionSummary summarize_session(const std::string& path) {
    return summarize_session(input::MappedFile::open(path), path);
}

std::string state_text(const SessionSummary& session) {
    const model::SessionInfo& info = session.info;
    if (info.merged > 0) return fmt::format("sum of {}", info.merged);
    if (info.ending == model::Ending::exit) return fmt::format("exit {}", info.exit_status);
    if (info.ending != model::Ending::signal) return model::ending_name(info.ending);
    const char* name = sigabbrev_np(static_cast<int>(info.exit_status));
    return name != nullptr ? fmt::format("SIG{}", name)
                           : fmt::format("signal {}", info.exit_status);
}

}  // namespace heapdrift::process
