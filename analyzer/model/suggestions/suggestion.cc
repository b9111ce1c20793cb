#include "analyzer/model/suggestions/suggestion.h"

#include <algorithm>
#include <functional>
#include <map>
#include <span>
#include <unordered_map>
#include <utility>

#include "analyzer/model/allocator_wrapper.h"
#include "analyzer/model/place.h"
#include "analyzer/model/suggestions/rules.h"

namespace heapdrift::model {

namespace {

// A rule that leaves a site to those before it stands behind them.
constexpr void (*kRules[])(const Subject&, Findings&) = {
    judge_leaks,
    judge_limit,
    judge_fragmentation,
    judge_peak,
    judge_temporary,
    judge_short_lived,
    judge_realloc_growth,
    judge_tiny_blocks,
    judge_bounded_cache,
    judge_startup,
    judge_footprint,
    judge_unmapped_handles,
    judge_released_handles,
    judge_open_imports,
    judge_pinned_rounding,
    judge_idle_pool,
    judge_segments,
};

constexpr uint32_t kNoAddress = ~uint32_t{0};

bool only_passes_on(const Profile& profile, uint32_t address) {
    return std::ranges::all_of(frames_of_address(profile, address), [](const Frame& frame) {
        return is_allocator_wrapper(frame.function);
    });
}

// The call that allocates, and the one that led to it: many programs have a malloc of their own
// that all allocations go through, and what calls that is what could be changed.
std::pair<uint32_t, uint32_t> call_of(const Profile& profile, const Site& site,
                                      const std::vector<bool>& wrapper) {
    const std::span<const uint32_t> frames = profile.frames_of(site);
    size_t at = 0;
    while (at + 1 < frames.size() && wrapper[frames[at]]) ++at;
    return {at < frames.size() ? frames[at] : kNoAddress,
            at + 1 < frames.size() ? frames[at + 1] : kNoAddress};
}

struct PlaceSum {
    AllocatingPlace place;
    uint64_t most_allocations = 0;
    std::vector<double> live;  // at each point
};

}  // namespace

const char* severity_name(Severity severity) {
    constexpr const char* kNames[] = {"low", "medium", "high"};
    return kNames[static_cast<size_t>(severity)];
}

const char* unit_name(Unit unit) {
    constexpr const char* kNames[] = {"bytes", "count", "seconds", "share", "bytes_per_second",
                                      "score"};
    return kNames[static_cast<size_t>(unit)];
}

std::vector<AllocatingPlace> allocating_places(const Profile& profile, const History& history) {
    std::unordered_map<uint32_t, const SiteHistory*> histories;
    for (const SiteHistory& each : history.sites) histories[each.site] = &each;
    std::vector<bool> wrapper;
    for (uint32_t address = 0; address < profile.addresses.size(); ++address)
        wrapper.push_back(only_passes_on(profile, address));
    std::map<std::pair<uint32_t, uint32_t>, PlaceSum> sums;
    for (const Site& site : profile.sites) {
        if (site.domain != Domain::heap) continue;
        PlaceSum& sum = sums[call_of(profile, site, wrapper)];
        sum.place.figures += site.figures;
        ++sum.place.sites;
        if (site.figures.allocations >= sum.most_allocations) {
            sum.most_allocations = site.figures.allocations;
            sum.place.site = site.id;
        }
        const auto known = histories.find(site.id);
        if (known == histories.end()) continue;
        sum.live.resize(history.points.size());
        for (size_t i = 0; i < history.points.size(); ++i) sum.live[i] += known->second->live(i);
    }
    std::vector<AllocatingPlace> places;
    for (auto& [call, sum] : sums) {
        if (!sum.live.empty()) sum.place.most_live_blocks = *std::ranges::max_element(sum.live);
        places.push_back(sum.place);
    }
    return places;
}

const Site* site_with(const Profile& profile, uint32_t id) {
    const auto site = std::ranges::find(profile.sites, id, &Site::id);
    return site == profile.sites.end() ? nullptr : &*site;
}

const SiteHistory* history_with(const History& history, uint32_t site) {
    const auto found = std::ranges::find(history.sites, site, &SiteHistory::site);
    return found == history.sites.end() ? nullptr : &*found;
}

void Findings::add(Suggestion suggestion) {
    if (suggestion.site) named_.insert(*suggestion.site);
    suggestions.push_back(std::move(suggestion));
}

Findings suggest(const Subject& subject) {
    Findings findings;
    for (const auto judge : kRules) judge(subject, findings);
    std::ranges::stable_sort(findings.suggestions, std::ranges::greater(), &Suggestion::severity);
    return findings;
}

}  // namespace heapdrift::model
