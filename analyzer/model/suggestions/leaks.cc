// A site that leaks.
#include "analyzer/model/suggestions/rules.h"

namespace heapdrift::model {

namespace {

constexpr const char* kRule = "leak";
// Fewer lost bytes, once, are true and not worth a change.
constexpr uint64_t kLeastLostBytes = 4096;

Suggestion about(const LeakScore& leak) {
    return {.rule = kRule,
            .severity = Severity::high,
            .site = leak.site,
            .finding = "",
            .evidence = {{"leak_score", leak.score, Unit::score}},
            .gain = {},
            .action =
                "Free the blocks, or bound what keeps them; heapdrift leaks shows the "
                "evidence, and heapdrift diff of two runs whether it is gone"};
}

}  // namespace

void judge_leaks(const Subject& subject, Findings& findings) {
    const bool enough = subject.history.points.size() >= kEnoughSnapshots;
    if (!enough && !subject.profile.scan)
        findings.not_judged(kRule, "too few snapshots for growth, and no scan for lost blocks");
    else if (!enough)
        findings.not_judged(kRule, "too few snapshots for growth; lost blocks are judged");
    for (const LeakScore& leak : subject.leaks) {
        const Site* site = site_with(subject.profile, leak.site);
        if (site == nullptr) continue;
        Suggestion found = about(leak);
        const BlockCount lost = surely_lost(site->domain, site->figures.reach);
        if (lost.blocks > 0) {
            found.evidence.push_back(
                {"lost_blocks", static_cast<double>(lost.blocks), Unit::count});
            found.evidence.push_back({"lost_bytes", static_cast<double>(lost.bytes), Unit::bytes});
        }
        // Below, a program that builds up what it needs looks the same.
        if (enough && leak.growth_score >= kLeakScore) {
            found.finding = "Ever more blocks are kept: they do not die, and more keep coming";
            found.gain = Quantity{"live_bytes", leak.live_bytes, Unit::bytes};
            found.evidence.push_back({"live_bytes", leak.live_bytes, Unit::bytes});
            found.evidence.push_back({"live_blocks", leak.live, Unit::count});
            found.evidence.push_back(
                {"growth", leak.bytes_per_second.estimate, Unit::bytes_per_second});
        } else if (site->figures.reach.of(Reach::direct).blocks > 0 &&
                   lost.bytes >= kLeastLostBytes) {
            found.finding =
                domain_of_cuda(site->domain)
                    ? "Blocks were never freed, and host memory has no pointer to them any more"
                    : "Blocks were never freed, and no pointer leads to them any more";
            found.gain = Quantity{"lost_bytes", static_cast<double>(lost.bytes), Unit::bytes};
        } else {
            // What only lost blocks lead to goes with them.
            continue;
        }
        findings.add(std::move(found));
    }
}

}  // namespace heapdrift::model
