#include "analyzer/model/integrity.h"

#include <fmt/format.h>

#include <algorithm>

#include "analyzer/model/growth.h"

namespace heapdrift::model {

namespace {

class Findings {
public:
    void add(const char* name, uint64_t count, const char* one, const char* many) {
        if (count == 0) return;
        add(name, count, fmt::format("{} {}", count, count == 1 ? one : many));
    }
    void add(const char* name, uint64_t count, std::string text) {
        found_.push_back({name, count, std::move(text)});
    }
    std::vector<Finding> take() { return std::move(found_); }

private:
    std::vector<Finding> found_;
};

void add_names(Findings& findings, const Profile& profile, const Integrity& integrity) {
    if (!integrity.names_embedded && profile.session.ending != Ending::running)
        findings.add("embedded_names", 0,
                     "embedded names (they come from this machine's files, while those are "
                     "unchanged)");
    if (profile.locations.empty()) return;
    findings.add("symbols", unsymbolized_addresses(profile), "address's symbol",
                 "addresses' symbols");
}

void add_snapshots(Findings& findings, const Profile& profile) {
    const auto scheduled = static_cast<uint64_t>(
        std::ranges::count(profile.snapshots, SnapshotKind::scheduled, &SnapshotInfo::kind));
    if (scheduled < kLeastSnapshots)
        findings.add("snapshots", kLeastSnapshots - scheduled,
                     fmt::format("snapshots to judge growth by ({} of {} that are needed)",
                                 scheduled, kLeastSnapshots));
    findings.add("refused_snapshots", profile.losses.snapshots_refused,
                 "snapshot that was asked for", "snapshots that were asked for");
}

}  // namespace

std::vector<Finding> missing_parts(const Profile& profile, const Integrity& integrity) {
    Findings findings;
    const Losses& losses = profile.losses;
    const Totals all = totals(profile);
    findings.add("dropped", losses.dropped_total(), "allocation (dropped)",
                 "allocations (dropped)");
    findings.add("missed_deallocations", losses.missed_deallocations, "deallocation (not seen)",
                 "deallocations (not seen)");
    findings.add("truncated_stacks", all.truncated_stacks, "call stack's outer end (truncated)",
                 "call stacks' outer ends (truncated)");
    if (!losses.stop_reason.empty())
        findings.add("recording_stopped", 0, "new call stacks since the file could grow no more");
    if (losses.confined) findings.add("confined", 0, "what the recorder may not do under seccomp");
    // Another tool's file has its names, or none, and one point.
    if (!profile.session.foreign_recorder.empty()) return findings.take();
    add_names(findings, profile, integrity);
    add_snapshots(findings, profile);
    return findings.take();
}

}  // namespace heapdrift::model
