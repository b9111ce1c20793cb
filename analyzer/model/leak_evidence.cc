#include "analyzer/model/leak_evidence.h"

#include <fmt/format.h>

#include <cmath>

namespace heapdrift::model {

namespace {

std::string count_of(double count, const char* one, const char* many) {
    return fmt::format("{:.0f} {}", count, std::lround(count) == 1 ? one : many);
}

std::string age_text(const Growth& growth) {
    std::string text =
        fmt::format("{} outlived {} and {} live", count_of(growth.survivors, "block", "blocks"),
                    count_of(growth.mature_age, "interval", "intervals"),
                    std::lround(growth.survivors) == 1 ? "is" : "are");
    if (growth.deaths < 0.5) return text + "; none that old was ever freed";
    // How long they would live on at the present rate says more than the hazard itself.
    return text + fmt::format("; {} that old {} freed, one in {:.0f} intervals of life",
                              count_of(growth.deaths, "block", "blocks"),
                              std::lround(growth.deaths) == 1 ? "was" : "were",
                              growth.exposure / growth.deaths);
}

std::string spread_text(const Growth& growth) {
    return fmt::format("they were born in {} of the {} intervals after the first {}",
                       growth.generations, growth.candidates, growth.warm_up);
}

std::string trend_text(const Growth& growth) {
    return fmt::format("their number rises: {:.1f} standard deviations above chance",
                       growth.trend_z);
}

std::string going_on_text(const Growth& growth) {
    std::string text =
        growth.silent == 0
            ? std::string("they were born up to the last snapshots")
            : fmt::format(
                  "none was born in the last {}, which chance explains in {:.0f} % of cases",
                  count_of(static_cast<double>(growth.silent), "interval", "intervals"),
                  100 * growth.silence);
    if (growth.decline < 0.995)
        text += fmt::format("; births fell to {:.0f} % of what they were", 100 * growth.decline);
    return text;
}

}  // namespace

std::vector<Evidence> growth_evidence(const Growth& growth) {
    return {{"age", growth.age_term, kAgeWeight, age_text(growth)},
            {"spread", growth.spread_term, kSpreadWeight, spread_text(growth)},
            {"trend", growth.trend_term, kTrendWeight, trend_text(growth)},
            {"going_on", growth.going_on_term, kGoingOnWeight, going_on_text(growth)}};
}

Evidence reachability_evidence(const ReachSign& sign, double lost_score) {
    const auto blocks = [&](Reach kind) { return sign.found.of(kind).blocks; };
    std::string text =
        fmt::format("{} directly lost, {} indirectly, {} possibly, {} reachable",
                    count_of(static_cast<double>(blocks(Reach::direct)), "block is", "blocks are"),
                    blocks(Reach::indirect), blocks(Reach::possible), blocks(Reach::reachable));
    if (!sign.confirmed) text += "; not confirmed";
    return {"reachability", lost_score, 1, text};
}

std::string leak_reading(const LeakScore& score, const SiteSigns& signs) {
    std::string text;
    if (score.kind != LeakKind::growth && signs.reachability) {
        const Reachability& found = signs.reachability->found;
        const uint64_t lost = found.lost().blocks;
        const uint64_t blocks = lost > 0 ? lost : found.of(Reach::possible).blocks;
        text = fmt::format("nothing {} {} any more", lost > 0 ? "leads to" : "leads safely to",
                           count_of(static_cast<double>(blocks), "block", "blocks"));
    }
    if (score.kind == LeakKind::lost) return text;
    const Growth& growth = score.growth;
    if (!text.empty()) text += ", and ";
    text += fmt::format("{:.0f} of {:.0f} blocks allocated after the first {} are still live",
                        growth.survivors, growth.allocated,
                        count_of(static_cast<double>(growth.warm_up), "interval", "intervals"));
    if (growth.silent == 0) text += ", and more keep coming";
    return text;
}

}  // namespace heapdrift::model
