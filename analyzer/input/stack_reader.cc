#include "analyzer/input/stack_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "analyzer/input/counters_at.h"
#include "analyzer/model/stack_builder.h"

namespace heapdrift::input {

namespace {

// Frames of the recorder itself say nothing of the program.
constexpr std::string_view kPreloadLibrary = "libheapdrift_preload.so";

constexpr uint32_t kNotRead = ~uint32_t{0};
constexpr uint32_t kHidden = kNotRead - 1;

double to_seconds(uint64_t ns) {
    return static_cast<double>(ns) * 1e-9;
}

bool touched(const Counters& counters) {
    return (counters.allocations | counters.allocated_bytes | counters.deallocations |
            counters.deallocated_bytes | counters.temporary | counters.reallocations) != 0;
}

// Counters read from a running program may be one operation apart.
uint64_t minus(uint64_t a, uint64_t b) {
    return a > b ? a - b : 0;
}

// In units of R bytes^2. Read from a running program the sum may be a moment below zero.
double variance_of(uint64_t counter, const Identity& identity) {
    return static_cast<double>(std::max<int64_t>(0, static_cast<int64_t>(counter))) *
           static_cast<double>(identity.sampling_interval_bytes);
}

model::Figures to_figures(const Counters& counters, Domain domain, const Identity& identity) {
    const bool sampled = identity.mode == Mode::sampled;
    model::Figures figures;
    figures.allocations = whole_count(counters.allocations, identity.mode);
    figures.allocated_bytes = counters.allocated_bytes;
    figures.deallocations = whole_count(counters.deallocations, identity.mode);
    figures.deallocated_bytes = counters.deallocated_bytes;
    figures.live_allocations =
        whole_count(minus(counters.allocations, counters.deallocations), identity.mode);
    figures.live_bytes = minus(counters.allocated_bytes, counters.deallocated_bytes);
    if (sampled) {
        figures.sampled = true;
        if (!domain_sampled(domain)) return figures;
        figures.sampling_interval = identity.sampling_interval_bytes;
        figures.allocated_variance = variance_of(counters.temporary, identity);
        figures.live_variance = variance_of(counters.reallocations, identity);
        return figures;
    }
    figures.temporary = counters.temporary;
    figures.reallocations = counters.reallocations;
    return figures;
}

class SiteReader {
public:
    SiteReader(const SessionView& view, model::Profile& profile)
        : view_(view),
          profile_(profile),
          builder_(profile),
          address_of_node_(view.node_limit(), kNotRead) {
        for (const model::Module& module : profile.modules)
            hidden_.push_back(model::base_name(module.path).starts_with(kPreloadLibrary));
    }

    // The index of the profile's site that it is now part of.
    uint32_t add(uint32_t id, const model::Figures& figures) {
        model::Site site;
        site.id = id;
        site.figures = figures;
        frames_.clear();
        if (!follow(id, site)) {
            site.end = StackEnd::unreadable;
            ++profile_.losses.unfinished_sites;
        }
        return builder_.add(site, frames_);
    }

private:
    bool follow(uint32_t id, model::Site& site) {
        const Site* record = view_.site(id);
        if (record == nullptr) return false;
        // Acquire: pairs with the recorder's release of node; the stack behind it is finished.
        uint32_t node_id = record->node.load(std::memory_order_acquire);
        if (static_cast<uint32_t>(record->domain) >= kDomainCount) return false;
        site.domain = record->domain;
        site.ignored = record->scope == kIgnoredScope;
        // A made-up file may have parents in a circle.
        for (size_t depth = 0; depth <= kMaxDepth + 1; ++depth) {
            const Node* node = node_id == 0 ? nullptr : view_.node(node_id);
            if (node == nullptr) return false;
            if (node->kind == FrameKind::root) {
                site.end = node->end;
                return static_cast<uint32_t>(node->end) <=
                       static_cast<uint32_t>(StackEnd::unreadable);
            }
            uint32_t& address = address_of_node_[node_id];
            if (address == kNotRead) address = intern(*node);
            if (address != kHidden) frames_.push_back(address);
            node_id = node->parent;
        }
        return false;
    }

    uint32_t intern(const Node& node) {
        model::CodeAddress address;
        address.kind = node.kind;
        address.offset = node.address;
        if (node.module < profile_.modules.size() && !profile_.modules[node.module].path.empty()) {
            if (hidden_[node.module]) return kHidden;
            address.module = node.module;
            address.offset -= profile_.modules[node.module].load_bias;
        }
        return builder_.intern_address(address);
    }

    const SessionView& view_;
    model::Profile& profile_;
    model::StackBuilder builder_;
    std::vector<uint32_t> address_of_node_;
    std::vector<bool> hidden_;  // by module
    std::vector<uint32_t> frames_;
};

}  // namespace

std::vector<model::Module> read_modules(const SessionView& view) {
    std::vector<model::Module> modules;
    for (uint32_t id = 0; id < view.module_limit(); ++id) {
        model::Module module;
        const Module* record = view.module(id);
        const uint32_t path_size =
            record == nullptr ? 0 : record->path_size.load(std::memory_order_acquire);
        if (path_size > 0) {
            module.path.assign(record->path, std::min<size_t>(path_size, sizeof record->path));
            const size_t id_size = std::min<size_t>(record->build_id_size, sizeof record->build_id);
            for (size_t i = 0; i < id_size; ++i)
                module.build_id += fmt::format("{:02x}", record->build_id[i]);
            module.start = record->start;
            module.end = record->end;
            module.load_bias = record->load_bias;
            module.loaded_ns = record->loaded_ns;
            module.unloaded_ns = record->unloaded_ns.load();
        }
        modules.push_back(std::move(module));
    }
    while (!modules.empty() && modules.back().path.empty()) modules.pop_back();
    return modules;
}

std::vector<model::Thread> read_threads(const SessionView& view) {
    const Mode mode = view.header().identity.mode;
    std::vector<model::Thread> threads;
    for (uint32_t row = 0; row < view.thread_limit(); ++row) {
        const ThreadRow* record = view.thread(row);
        if (record == nullptr) continue;
        model::Thread thread;
        thread.tid = record->tid.load(std::memory_order_acquire);
        thread.allocations = whole_count(record->allocations.load(), mode);
        if (thread.tid == 0 && (row != 0 || thread.allocations == 0)) continue;
        thread.name = std::string(bounded_text(record->name, sizeof record->name));
        thread.started_seconds = to_seconds(record->started_ns);
        if (const uint64_t ended = record->ended_ns.load(); ended != 0)
            thread.ended_seconds = to_seconds(ended);
        thread.allocated_bytes = record->allocated_bytes.load();
        thread.deallocations = whole_count(record->deallocations.load(), mode);
        threads.push_back(std::move(thread));
    }
    return threads;
}

std::vector<uint32_t> read_sites(const SessionView& view, std::span<const Counters> counters,
                                 std::span<const Counters> peak,
                                 std::span<const model::Reachability> reach,
                                 model::Profile& profile) {
    constexpr uint32_t kUntouched = ~uint32_t{0};
    std::vector<uint32_t> merged(counters.size(), kUntouched);
    SiteReader reader(view, profile);
    const Identity& identity = view.header().identity;
    for (uint32_t id = 1; id < counters.size(); ++id) {
        const bool at_peak = id < peak.size() && touched(peak[id]);
        const bool scanned = id < reach.size() && reach[id] != model::Reachability{};
        if (!touched(counters[id]) && !at_peak && !scanned) continue;
        const Site* site = view.site(id);
        const Domain domain = site == nullptr ? Domain::heap : site->domain;
        model::Figures figures = to_figures(counters[id], domain, identity);
        if (at_peak) {
            const model::Figures then = to_figures(peak[id], domain, identity);
            figures.peak_live_bytes = then.live_bytes;
            figures.peak_live_variance = then.live_variance;
        }
        if (scanned) figures.reach = reach[id];
        merged[id] = reader.add(id, figures);
    }
    for (uint32_t& each : merged) each = each == kUntouched ? 0 : profile.sites[each].id;
    if (profile.cuda)
        for (model::CudaHandles& handles : profile.cuda->handles)
            handles.site = handles.site < merged.size() ? merged[handles.site] : 0;
    // Last, so that sites made for these alone can be taken out again: they have no figures.
    const size_t count = profile.sites.size();
    if (profile.cuda)
        for (model::CudaEventInfo& event : profile.cuda->events) {
            event.stack = static_cast<uint32_t>(profile.event_sites.size());
            profile.event_sites.push_back(profile.sites[reader.add(event.site, {})]);
        }
    profile.sites.resize(count);
    return merged;
}

}  // namespace heapdrift::input
