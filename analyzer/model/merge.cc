#include "analyzer/model/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "analyzer/model/failure.h"
#include "analyzer/model/stack_builder.h"

namespace heapdrift::model {

namespace {

// Where the modules of a merged recording are said to lie, one behind the other.
constexpr uint64_t kFirstPlace = uint64_t{1} << 40;
constexpr uint64_t kAlignment = uint64_t{1} << 21;

void check(const std::vector<Profile>& profiles) {
    const SessionInfo& first = profiles.front().session;
    for (const Profile& profile : profiles) {
        const SessionInfo& session = profile.session;
        if (!session.foreign_recorder.empty())
            throw UsageFailure(fmt::format(
                "{}: recorded by {}; only recordings of heapdrift are merged, for others count "
                "other things",
                session.path, session.foreign_recorder));
        if (session.mode != first.mode ||
            session.sampling_interval_bytes != first.sampling_interval_bytes)
            throw UsageFailure(
                fmt::format("{} and {} were not recorded alike (exact, or sampled with one "
                            "interval): their figures cannot be added",
                            first.path, session.path));
        if (profile.losses.missing_file_bytes > 0 || profile.losses.damaged_records > 0)
            throw UsageFailure(fmt::format(
                "{}: the file is damaged, which could not be seen any more in the sum; heapdrift "
                "info says how. Leave it out",
                session.path));
    }
}

// The modules of all, each once; numbers_ says what became of those of each profile.
class ModuleUnion {
public:
    explicit ModuleUnion(std::vector<Module>& modules) : modules_(modules) {}

    std::vector<uint32_t> add(const std::vector<Module>& modules) {
        std::vector<uint32_t> numbers;
        for (const Module& module : modules) numbers.push_back(add(module));
        return numbers;
    }

private:
    uint32_t add(const Module& module) {
        if (module.path.empty()) return kNoModule;
        const std::string identity =
            module.build_id.empty() ? "p" + module.path : "b" + module.build_id;
        const auto [entry, added] =
            by_identity_.emplace(identity, static_cast<uint32_t>(modules_.size()));
        if (added) {
            Module placed = module;
            const uint64_t size = module.end > module.start ? module.end - module.start : 0;
            placed.start = next_;
            placed.end = next_ + size;
            placed.load_bias = module.load_bias + (next_ - module.start);
            placed.loaded_ns = 0;
            placed.unloaded_ns = 0;
            next_ += (size + kAlignment) / kAlignment * kAlignment;
            modules_.push_back(placed);
        }
        return entry->second;
    }

    std::vector<Module>& modules_;
    std::unordered_map<std::string, uint32_t> by_identity_;
    uint64_t next_ = kFirstPlace;
};

void add_losses(Losses& sum, const Losses& losses) {
    for (size_t reason = 0; reason < kDropReasons; ++reason)
        sum.dropped[reason] += losses.dropped[reason];
    sum.unknown_deallocations += losses.unknown_deallocations;
    sum.missed_deallocations += losses.missed_deallocations;
    if (sum.stop_reason.empty()) sum.stop_reason = losses.stop_reason;
    sum.confined = sum.confined || losses.confined;
}

double ended(const SessionInfo& session) {
    return static_cast<double>(session.started_realtime_ns) * 1e-9 + session.last_seconds;
}

// What all have in common.
SessionInfo merge_sessions(const std::vector<Profile>& profiles) {
    SessionInfo sum = profiles.front().session;
    sum.path.clear();
    sum.pid = 0;
    sum.parent_pid = 0;
    sum.image = 0;
    sum.forked = false;
    sum.root = false;
    sum.process_start_ticks = 0;
    sum.ended_seconds.reset();
    sum.exit_began_seconds.reset();
    sum.merged = 0;
    double end = 0;
    for (const Profile& profile : profiles) {
        const SessionInfo& session = profile.session;
        sum.merged += std::max<uint32_t>(session.merged, 1);
        if (session.program != sum.program) sum.program = "several programs";
        if (session.command_line != sum.command_line) sum.command_line.clear();
        if (session.ending != sum.ending || session.exit_status != sum.exit_status) {
            sum.ending = Ending::unknown;
            sum.exit_status = 0;
        }
        sum.started_realtime_ns = std::min(sum.started_realtime_ns, session.started_realtime_ns);
        end = std::max(end, ended(session));
    }
    sum.last_seconds = end - static_cast<double>(sum.started_realtime_ns) * 1e-9;
    return sum;
}

void add_sites(const Profile& from, const std::vector<uint32_t>& modules, StackBuilder& builder,
               Profile& to) {
    std::vector<uint32_t> addresses;
    for (size_t i = 0; i < from.addresses.size(); ++i) {
        CodeAddress address = from.addresses[i];
        if (address.module != kNoModule) {
            address.module = address.module < modules.size() ? modules[address.module] : kNoModule;
        }
        addresses.push_back(builder.intern_address(address));
        to.locations.resize(to.addresses.size());
        if (i < from.locations.size() && to.locations[addresses.back()].empty())
            to.locations[addresses.back()] = from.locations[i];
    }
    std::vector<uint32_t> frames;
    for (const Site& site : from.sites) {
        frames.clear();
        for (const uint32_t address : from.frames_of(site)) frames.push_back(addresses[address]);
        Site copy = site;
        copy.figures.peak_live_bytes = 0;
        copy.figures.peak_live_variance = 0;
        copy.figures.reach = {};
        builder.add(copy, frames);
    }
}

}  // namespace

Profile merge(const std::vector<Profile>& profiles) {
    check(profiles);
    Profile sum;
    sum.session = merge_sessions(profiles);
    ModuleUnion modules(sum.modules);
    std::vector<std::vector<uint32_t>> numbers;
    for (const Profile& profile : profiles) numbers.push_back(modules.add(profile.modules));
    StackBuilder builder(sum);
    for (size_t i = 0; i < profiles.size(); ++i) {
        const Profile& profile = profiles[i];
        add_sites(profile, numbers[i], builder, sum);
        add_losses(sum.losses, profile.losses);
        sum.own_bytes += profile.own_bytes;
        sum.peak_live_bytes = std::max(sum.peak_live_bytes, profile.peak_live_bytes);
    }
    for (uint32_t i = 0; i < sum.sites.size(); ++i) sum.sites[i].id = i + 1;
    return sum;
}

}  // namespace heapdrift::model
