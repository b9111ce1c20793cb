#include "analyzer/model/gate/budget.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include "analyzer/model/suppression.h"

namespace heapdrift::model {

namespace {

bool is_chosen(const Profile& profile, const Budget& budget, const Site& site) {
    if (budget.domain ? site.domain != *budget.domain : !domain_in_total(site.domain)) return false;
    if (budget.site.empty()) return true;
    SuppressionRule rule;
    rule.anywhere = true;
    rule.pattern = budget.site;
    return matches(rule, frames_of_site(profile, site));
}

uint64_t leaked_bytes(const Profile& profile, const Budget& budget) {
    uint64_t bytes = 0;
    for (const Site& site : profile.sites)
        if (const BlockCount lost = surely_lost(site.domain, site.figures.reach);
            lost.blocks > 0 && is_chosen(profile, budget, site))
            bytes += lost.bytes;
    return bytes;
}

Figures chosen_figures(const Profile& profile, const Budget& budget) {
    if (budget.site.empty())
        return (budget.domain ? domain_totals(profile, *budget.domain) : totals(profile)).figures;
    Figures sum;
    for (const Site& site : profile.sites)
        if (is_chosen(profile, budget, site)) sum += site.figures;
    return sum;
}

// The mark is exact for the heap as a whole; of a part of it only what the nearest snapshot saw is
// known.
bool whole_heap(const Budget& budget) {
    return budget.site.empty() && (!budget.domain || *budget.domain == Domain::heap);
}

// With several threads it hangs on their timing which of their blocks are live at once: the peak of
// the same program is another one each time.
constexpr uint64_t kThreadsShare = 100;

Measure measure_peak(const Profile& profile, const Budget& budget) {
    if (whole_heap(budget)) {
        const uint64_t value = profile.peak_live_bytes;
        const bool threads = profile.threads.size() > 1;
        const uint64_t timing = threads ? value / kThreadsShare : 0;
        return {value, profile.balance_slack_bytes + timing, "", threads};
    }
    if (!profile.peak)
        return {std::nullopt, 0, "no snapshot was taken at the high-water mark of this process"};
    return {chosen_figures(profile, budget).peak_live_bytes, 0, ""};
}

}  // namespace

std::string budget_text(const Budget& budget) {
    constexpr const char* kWords[] = {"peak", "live bytes at the end", "allocations",
                                      "leaked bytes", "growth"};
    std::string text = kWords[static_cast<size_t>(budget.metric)];
    if (budget.metric == Metric::growth)
        text += fmt::format(" from '{}' to '{}'", budget.from, budget.to);
    if (budget.domain) text += fmt::format(" of {}", domain_name(*budget.domain));
    if (!budget.site.empty()) text += fmt::format(" at '{}'", budget.site);
    return text;
}

bool matches_program(const std::string& pattern, const std::string& program) {
    return pattern.empty() || fnmatch(pattern.c_str(), program.c_str(), 0) == 0;
}

Measure measure(const Profile& end, const Budget& budget) {
    switch (budget.metric) {
        case Metric::peak:
            return measure_peak(end, budget);
        case Metric::live_at_end:
            return {chosen_figures(end, budget).live_bytes, 0, ""};
        case Metric::allocations:
            return {chosen_figures(end, budget).allocations, 0, ""};
        case Metric::leaked:
            if (std::string reason = why_not_scanned(end); !reason.empty())
                return {std::nullopt, 0, std::move(reason)};
            return {leaked_bytes(end, budget), 0, ""};
        case Metric::growth:
            break;
    }
    return {std::nullopt, 0, "it is measured between two snapshots"};
}

Measure measure_growth(const Profile& from, const Profile& to, const Budget& budget) {
    const uint64_t before = chosen_figures(from, budget).live_bytes;
    const uint64_t after = chosen_figures(to, budget).live_bytes;
    return {after > before ? after - before : 0, 0, ""};
}

std::string why_not_scanned(const Profile& profile) {
    if (!profile.scan) {
        if (profile.scan_obstacle != ScanObstacle::none)
            return fmt::format("it was not scanned for lost blocks: {}",
                               scan_obstacle_text(profile.scan_obstacle));
        if (profile.session.ending == Ending::exit)
            return "it was not scanned for lost blocks: record it with --scan";
        return fmt::format("it was not scanned for lost blocks: it ended by {}",
                           ending_name(profile.session.ending));
    }
    if (profile.scan->uncertain)
        return "not all of its memory and threads could be seen, so that no block is lost for "
               "certain";
    if (!profile.scan->confirmed) return "its scan for lost blocks was not confirmed by a second";
    return "";
}

}  // namespace heapdrift::model
