#include "analyzer/model/gate/findings.h"

#include <algorithm>

#include "analyzer/model/leak_ranking.h"

namespace heapdrift::model {

namespace {

FoundLeak& leak_of(const Profile& profile, const Site& site, FoundProcess& process) {
    std::vector<Frame> frames = frames_of_site(profile, site);
    LeakIdentity identity = identify(frames, site.domain);
    const auto found = std::ranges::find(process.leaks, identity, &FoundLeak::identity);
    if (found != process.leaks.end()) return *found;
    FoundLeak& leak = process.leaks.emplace_back();
    leak.identity = std::move(identity);
    leak.frames = std::move(frames);
    return leak;
}

}  // namespace

void find_lost(const Profile& end, FoundProcess& process) {
    process.not_scanned = why_not_scanned(end);
    if (!process.scanned()) return;
    for (const Site& site : end.sites) {
        const BlockCount lost = surely_lost(site.domain, site.figures.reach);
        if (lost.blocks == 0 || site.ignored || !domain_in_total(site.domain)) continue;
        FoundLeak& leak = leak_of(end, site, process);
        leak.lost_blocks += lost.blocks;
        leak.lost_bytes += lost.bytes;
        leak.direct_blocks += lost.blocks - site.figures.reach.of(Reach::indirect).blocks;
    }
}

void find_growth(const Profile& profile, const History& history, FoundProcess& process) {
    process.snapshots = history.points.size();
    process.long_enough =
        !history.points.empty() && history.points.back().seconds >= kEnoughSeconds;
    for (const LeakScore& score : rank_leaks(history, kLikelyScore)) {
        if (score.growth_score < kLikelyScore) continue;
        const auto site = std::ranges::find(profile.sites, score.site, &Site::id);
        if (site == profile.sites.end() || site->ignored) continue;
        FoundLeak& leak = leak_of(profile, *site, process);
        leak.live_blocks += site->figures.live_allocations;
        leak.live_bytes += site->figures.live_bytes;
        if (score.growth_score <= leak.growth_score) continue;
        leak.growth_score = score.growth_score;
        leak.bytes_per_second = score.bytes_per_second;
        leak.reading = score.reading;
    }
}

}  // namespace heapdrift::model
