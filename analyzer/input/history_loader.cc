#include "analyzer/input/history_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "analyzer/input/aged_deallocations.h"
#include "analyzer/input/counters_at.h"
#include "analyzer/input/foreign/foreign_session.h"
#include "analyzer/input/session_info.h"
#include "analyzer/model/failure.h"
#include "analyzer/model/teardown.h"
#include "core/session_view.h"

namespace heapdrift::input {

namespace {

// So many snapshots are read at once: each takes 48 bytes for every site.
constexpr size_t kPointsAtOnce = 8;

// A kernel without a limit for the container says the greatest number of pages.
constexpr uint64_t kNoLimit = uint64_t{1} << 60;

bool is_chosen(const model::Site& site, const HistoryChoice& choice) {
    const model::Figures& figures = site.figures;
    if (figures.live_allocations >= choice.least_live ||
        figures.live_bytes >= choice.least_live_bytes ||
        figures.allocations >= choice.least_allocations)
        return true;
    if (figures.live_allocations > 0 && figures.deallocations > 0 &&
        figures.live_bytes >= choice.least_replaced_bytes)
        return true;
    model::Reachability reach = figures.reach;
    return (reach.lost() += reach.of(Reach::possible)).blocks > 0;
}

// What PyTorch's caching allocator takes from the driver: cuMemAlloc's, or mapped handles.
bool holds_tensors(const model::Profile& profile, const model::Site& site) {
    if (site.domain != Domain::cuda_device && site.domain != Domain::cuda_virtual) return false;
    return std::ranges::any_of(profile.frames_of(site), [&](uint32_t frame) {
        return model::module_name(profile, profile.addresses[frame].module)
            .starts_with("libc10_cuda.so");
    });
}

constexpr uint32_t kNoHistory = ~uint32_t{0};

SessionView checked_view(const OpenedSession& opened) {
    SessionView view(opened.file.bytes());
    if (view.error() != ViewError::none)
        throw Failure(fmt::format("{}: {}", opened.path, view_error_text(view.error())));
    return view;
}

void refuse_foreign(const OpenedSession& opened) {
    const std::string recorder = foreign_recorder(opened);
    if (!recorder.empty())
        throw Failure(fmt::format(
            "{}: recorded by {}: such a file holds one point in time and no snapshots, so neither "
            "growth nor its end can be judged. heapdrift diff of two such files, of one program at "
            "different times, shows what grew; leaks and trend need a recording of heapdrift run",
            opened.path, recorder));
}

void refuse_merged(const std::string& path, const SessionView& view) {
    if (view.header().identity.merged > 0)
        throw Failure(fmt::format(
            "{}: the sum of {} recordings at one point each, without their snapshots; leaks and "
            "trend need the recordings themselves, heapdrift diff reads sums too",
            path, view.header().identity.merged));
}

std::vector<model::HistoryPoint> read_points(const Header& header) {
    const uint32_t exit_began =
        header.control.exit_began_ns.load() == 0 ? 0 : header.control.exit_began_epoch.load();
    std::vector<model::HistoryPoint> points;
    for (const model::SnapshotInfo& snapshot : read_snapshots(header)) {
        if (snapshot.kind != SnapshotKind::scheduled) continue;
        if (exit_began != 0 && snapshot.number > exit_began) continue;
        // A damaged file may say anything; what follows relies on time going on.
        if (snapshot.seconds <= (points.empty() ? 0 : points.back().seconds)) continue;
        points.push_back({.snapshot = snapshot.number,
                          .generation = snapshot.generation,
                          .seconds = snapshot.seconds,
                          .idle = snapshot.idle,
                          .cgroup_bytes = snapshot.cgroup_current_bytes,
                          .rss_anon_bytes = snapshot.rss_anon_bytes});
    }
    return points;
}

// In the heap; of a sampled session what stands for them.
model::LiveAt live_at(const SessionView& view, double seconds,
                      const std::vector<Counters>& counters) {
    model::LiveAt live{.seconds = seconds};
    for (uint32_t id = 1; id < counters.size(); ++id) {
        const Site* site = view.site(id);
        if (site == nullptr || site->domain == Domain::heap)
            live.blocks += static_cast<double>(counters[id].allocations) -
                           static_cast<double>(counters[id].deallocations);
    }
    return live;
}

void drop_teardown(const SessionView& view, std::vector<model::HistoryPoint>& points) {
    const uint64_t exit_began_ns = view.header().control.exit_began_ns.load();
    constexpr size_t kLastPoints = 3;
    if (exit_began_ns == 0 || points.size() < kLastPoints) return;
    const auto ends = std::span(points).last<kLastPoints>();
    const uint32_t numbers[] = {ends[0].snapshot, ends[1].snapshot, ends[2].snapshot};
    const auto counters = counters_at(view, numbers);
    if (model::is_teardown(live_at(view, ends[0].seconds, counters[0]),
                           live_at(view, ends[1].seconds, counters[1]),
                           live_at(view, ends[2].seconds, counters[2]),
                           static_cast<double>(exit_began_ns) / 1e9))
        points.pop_back();
}

bool all_held(const Header& header, const std::vector<model::HistoryPoint>& points) {
    const std::vector<model::SnapshotInfo> held = read_snapshots(header);
    return std::ranges::all_of(points, [&](const model::HistoryPoint& point) {
        return std::ranges::any_of(held, [&](const model::SnapshotInfo& snapshot) {
            return snapshot.number == point.snapshot;
        });
    });
}

// What a recorder in sampled mode adds for one block of the site's mean size (core/README.md): by
// it counters become numbers of recorded blocks. Sites whose blocks differ much in size are
// approximate.
double counter_of_block(const Counters& last, Domain domain, const Identity& identity) {
    if (identity.mode != Mode::sampled) return 1;
    if (!domain_sampled(domain) || last.allocations == 0) return kSampledCountUnit;
    const double count = static_cast<double>(last.allocations) / kSampledCountUnit;
    const double size = std::max(1.0, static_cast<double>(last.allocated_bytes) / count);
    const double interval = static_cast<double>(identity.sampling_interval_bytes);
    return kSampledCountUnit / -std::expm1(-size / interval);
}

class HistoryReader {
public:
    HistoryReader(const SessionView& view, const LoadedSession& session)
        : view_(view), session_(session) {}

    model::History read(std::vector<model::HistoryPoint> points, const HistoryChoice& choice) {
        history_.points = std::move(points);
        choose(choice);
        std::vector<uint32_t> numbers;
        for (const model::HistoryPoint& point : history_.points) numbers.push_back(point.snapshot);
        for (size_t first = 0; first < numbers.size(); first += kPointsAtOnce) {
            const size_t count = std::min(kPointsAtOnce, numbers.size() - first);
            const auto counters = counters_at(view_, std::span(numbers).subspan(first, count));
            for (size_t i = 0; i < count; ++i) add_point(first + i, counters[i]);
        }
        read_ages();
        return std::move(history_);
    }

private:
    void choose(const HistoryChoice& choice) {
        const size_t points = history_.points.size();
        history_of_site_.assign(session_.merged_sites.size(), kNoHistory);
        for (const model::Site& site : session_.profile.sites) {
            if (!choice.domains(site.domain) || site.id >= history_of_site_.size()) continue;
            if (!is_chosen(site, choice)) continue;
            history_of_site_[site.id] = static_cast<uint32_t>(history_.sites.size());
            model::SiteHistory& history = history_.sites.emplace_back();
            history.site = site.id;
            history.domain = site.domain;
            history.allocations.resize(points);
            history.deallocations.resize(points);
            history.allocated_bytes.resize(points);
            history.deallocated_bytes.resize(points);
            history.signs.holds_tensors = holds_tensors(session_.profile, site);
            if (const auto& scan = session_.profile.scan; scan && scan->judges(site.domain))
                history.signs.reachability = {site.figures.reach, scan->is_certain_of(site.domain)};
        }
        if (points == 0) return;
        const uint32_t last = history_.points.back().snapshot;
        const auto counters = counters_at(view_, std::span(&last, 1));
        block_.resize(counters[0].size(), 1);
        for (uint32_t id = 0; id < counters[0].size(); ++id) {
            const Site* site = view_.site(id);
            block_[id] =
                counter_of_block(counters[0][id], site == nullptr ? Domain::heap : site->domain,
                                 view_.header().identity);
        }
    }

    // nullptr where the site has none.
    model::SiteHistory* history_of(uint32_t id) {
        if (id >= session_.merged_sites.size()) return nullptr;
        const uint32_t index = history_of_site_[session_.merged_sites[id]];
        return index == kNoHistory ? nullptr : &history_.sites[index];
    }

    // Counters are sums modulo 2^64, and of one site never below zero but for damage.
    static double live(uint64_t allocated, uint64_t freed) {
        return allocated > freed ? static_cast<double>(allocated - freed) : 0;
    }

    void add_to_sums(uint32_t id, const Counters& values, model::HistoryPoint& point) const {
        point.operations += static_cast<double>(values.allocations + values.deallocations);
        const Site* site = view_.site(id);
        const Domain domain = site == nullptr ? Domain::heap : site->domain;
        const double bytes = live(values.allocated_bytes, values.deallocated_bytes);
        if (domain == Domain::mapping) point.mapped_bytes += bytes;
        if (domain == Domain::cuda_pool) point.pool_bytes += bytes;
        if (domain == Domain::cuda_tensor) point.tensor_bytes += bytes;
        if (domain != Domain::heap) return;
        point.heap_bytes += bytes;
        const bool sampled = view_.header().identity.mode == Mode::sampled;
        point.heap_blocks += live(values.allocations, values.deallocations) /
                             (sampled ? static_cast<double>(kSampledCountUnit) : 1);
    }

    void add_point(size_t point, const std::vector<Counters>& counters) {
        for (uint32_t id = 1; id < counters.size(); ++id) {
            const Counters& values = counters[id];
            add_to_sums(id, values, history_.points[point]);
            model::SiteHistory* history = history_of(id);
            if (history == nullptr) continue;
            const double block = id < block_.size() ? block_[id] : 1;
            history->allocations[point] += static_cast<double>(values.allocations) / block;
            history->deallocations[point] += static_cast<double>(values.deallocations) / block;
            history->allocated_bytes[point] += static_cast<double>(values.allocated_bytes);
            history->deallocated_bytes[point] += static_cast<double>(values.deallocated_bytes);
        }
    }

    void read_ages() {
        std::vector<std::vector<model::AgedDeallocations>> by_history(history_.sites.size());
        for (const AgedCount& count : aged_deallocations(view_)) {
            const model::SiteHistory* history = history_of(count.site);
            if (history == nullptr) continue;
            const double block = count.site < block_.size() ? block_[count.site] : 1;
            by_history[static_cast<size_t>(history - history_.sites.data())].push_back(
                {count.born, count.freed, static_cast<double>(count.deallocations) / block,
                 static_cast<double>(count.deallocated_bytes)});
        }
        for (size_t i = 0; i < by_history.size(); ++i)
            history_.sites[i].aged = model::intervals_of(history_.points, by_history[i]);
        // Beyond the last generation all blocks have the same.
        const size_t points = history_.points.size();
        const bool used_up =
            points > 1 && history_.points[points - 2].generation == kLastGeneration;
        for (uint32_t id = 1; id < view_.site_limit(); ++id) {
            model::SiteHistory* history = history_of(id);
            const Site* site = view_.site(id);
            if (history == nullptr || site == nullptr) continue;
            if (used_up || site->ages_incomplete.load() != 0) history->ages_incomplete = true;
        }
    }

    const SessionView& view_;
    const LoadedSession& session_;
    model::History history_;
    std::vector<uint32_t> history_of_site_;  // by Site::id
    std::vector<double> block_;              // by SiteId
};

}  // namespace

LoadedHistory load_history(const SessionAddress& address, const HistoryChoice& choice) {
    LoadedHistory loaded;
    // The recorder may thin out snapshots while they are read; then they are not what they were.
    for (bool read_again = true; read_again;) {
        const OpenedSession opened = open_session(address);
        refuse_foreign(opened);
        const SessionView view = checked_view(opened);
        refuse_merged(opened.path, view);
        std::vector<model::HistoryPoint> points = read_points(view.header());
        drop_teardown(view, points);
        const std::string point = points.empty() ? "last" : std::to_string(points.back().snapshot);
        loaded.session = load_session(open_session(address), point);
        loaded.history = HistoryReader(view, loaded.session).read(std::move(points), choice);
        read_again = !all_held(view.header(), loaded.history.points);
        if (const auto& at = loaded.session.profile.at; at && at->cgroup_limit_bytes < kNoLimit)
            loaded.history.cgroup_limit_bytes = at->cgroup_limit_bytes;
    }
    return loaded;
}

}  // namespace heapdrift::input
