#include "analyzer/model/profile.h"

#include <fmt/format.h>

namespace heapdrift::model {

namespace {

template <typename Wanted>
Totals sum(const Profile& profile, Wanted wanted) {
    Totals all;
    all.figures.sampled = profile.session.mode == Mode::sampled;
    for (const Site& site : profile.sites) {
        if (!wanted(site.domain)) continue;
        all.figures += site.figures;
        ++all.sites;
        if (site.figures.live_allocations > 0) ++all.live_sites;
        if (site.end != StackEnd::complete) {
            ++all.truncated_stacks;
            all.truncated_allocations += site.figures.allocations;
        }
    }
    return all;
}

// Of a sampled session also a heap that it saw nothing of is an estimate.
void mark_heap(const Profile& profile, Totals& heap) {
    if (heap.figures.sampled)
        heap.figures.sampling_interval = profile.session.sampling_interval_bytes;
    heap.figures.peak_live_bytes = profile.peak_live_bytes;
}

}  // namespace

const char* ending_name(Ending ending) {
    switch (ending) {
        case Ending::running:
            return "running";
        case Ending::exit:
            return "exit";
        case Ending::exec:
            return "exec";
        case Ending::signal:
            return "signal";
        case Ending::killed:
            return "killed";
        case Ending::unknown:
            break;
    }
    return "unknown";
}

const char* snapshot_kind_name(SnapshotKind kind) {
    switch (kind) {
        case SnapshotKind::scheduled:
            return "scheduled";
        case SnapshotKind::requested:
            return "requested";
        case SnapshotKind::program:
            return "program";
        case SnapshotKind::peak:
            return "peak";
        case SnapshotKind::exit:
            return "exit";
    }
    return "unknown";
}

uint64_t Losses::dropped_total() const {
    uint64_t total = 0;
    for (const uint64_t count : dropped) total += count;
    return total;
}

Totals totals(const Profile& profile) {
    Totals all = sum(profile, domain_in_total);
    mark_heap(profile, all);
    return all;
}

Totals totals_outside(const Profile& profile) {
    return sum(profile, [](Domain domain) { return !domain_in_total(domain); });
}

Totals domain_totals(const Profile& profile, Domain domain) {
    Totals all = sum(profile, [domain](Domain of_site) { return of_site == domain; });
    if (domain == Domain::heap) mark_heap(profile, all);
    return all;
}

uint64_t unsymbolized_addresses(const Profile& profile) {
    uint64_t count = 0;
    for (size_t i = 0; i < profile.addresses.size(); ++i) {
        const FrameKind kind = profile.addresses[i].kind;
        if (kind != FrameKind::native && kind != FrameKind::interrupted) continue;
        const bool named = i < profile.locations.size() && !profile.locations[i].empty() &&
                           !profile.locations[i].front().function.empty();
        if (!named) ++count;
    }
    return count;
}

std::string base_name(const std::string& path) {
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? path : path.substr(slash + 1);
}

std::string started_name(const SessionInfo& session) {
    if (session.command_line.empty()) return base_name(session.program);
    // Argument 0 is what its caller makes it: "-bash" and "nginx: worker" are no files' names.
    std::string name = base_name(session.command_line.front());
    const bool is_name =
        !name.empty() && !name.starts_with('-') && name.find_first_of(" :") == std::string::npos;
    return is_name ? name : base_name(session.program);
}

std::string module_name(const Profile& profile, uint32_t module) {
    return module < profile.modules.size() ? base_name(profile.modules[module].path) : "";
}

std::string address_text(const Profile& profile, const CodeAddress& address) {
    const std::string module = module_name(profile, address.module);
    return module.empty() ? fmt::format("{:#x}", address.offset)
                          : fmt::format("{}+{:#x}", module, address.offset);
}

}  // namespace heapdrift::model
