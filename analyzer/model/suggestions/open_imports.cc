// Memory of another process, or another interface, that is imported again and again and not closed.
// Its owner may have freed it long ago: it stays allocated for as long as it is imported.
#include "analyzer/model/suggestions/rules.h"

namespace heapdrift::model {

namespace {

constexpr const char* kRule = "open-imports";
constexpr double kLeastGrowth = 3;  // imports, since the middle of the run
constexpr double kMostClosed = 0.1;

}  // namespace

void judge_open_imports(const Subject& subject, Findings& findings) {
    const size_t points = subject.history.points.size();
    for (const SiteHistory& site : subject.history.sites) {
        if (site.domain != Domain::cuda_imported) continue;
        if (points < kEnoughSnapshots) return findings.not_judged(kRule, "too few snapshots");
        const size_t last = points - 1;
        const double growth = site.live(last) - site.live(points / 2);
        if (growth < kLeastGrowth ||
            site.deallocations[last] > kMostClosed * site.allocations[last])
            continue;
        findings.add({.rule = kRule,
                      .severity = Severity::medium,
                      .site = site.site,
                      .finding = "Memory that is another's is imported again and again, and hardly "
                                 "ever closed: it stays allocated even when its owner frees it",
                      .evidence = {{"imports", site.allocations[last], Unit::count},
                                   {"closed", site.deallocations[last], Unit::count},
                                   {"imported_bytes", site.live_bytes(last), Unit::bytes},
                                   {"more_since_the_middle", growth, Unit::count}},
                      .gain = {},
                      .action =
                          "Call cudaIpcCloseMemHandle (cuDestroyExternalMemory) when the work "
                          "on it is done, or import each buffer once and keep it"});
    }
}

}  // namespace heapdrift::model
