#include "analyzer/model/leak_evidence.h"

#include <fmt/format.h>

#include <cmath>

namespace heapdrift::model {

namespace {

constexpr double kAllOfThem = 0.995;
// Less is 0 % in print.
constexpr double kHardlyEver = 0.005;

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
    text += fmt::format("; {} that old {} freed, one in {:.0f} intervals of life",
                        count_of(growth.deaths, "block", "blocks"),
                        std::lround(growth.deaths) == 1 ? "was" : "were",
                        growth.exposure / growth.deaths);
    if (!growth.lasting.found) return text;
    return text + fmt::format(
                      "; by their ages they are others, which live {:.1f} intervals, and about "
                      "{:.0f} of the live ones last",
                      1 / growth.lasting.rate, growth.lasting_blocks);
}

std::string balance_text(const Balance& balance) {
    return fmt::format(
        "in all its live blocks became {:+.0f}, give or take {:.0f}, where these "
        "make {:+.0f}: for those that stay others go",
        balance.rise, balance.chance, balance.expected);
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
    if (growth.decline < kAllOfThem)
        text += fmt::format("; births fell to {:.0f} % of what they were", 100 * growth.decline);
    if (growth.records > kHardlyEver)
        text += fmt::format(
            "; a pool, which has most of its objects from the start and makes one when all are "
            "taken, has as many new ones in {:.0f} % of cases",
            100 * growth.records);
    return text;
}

std::string size_text(const BlockGrowth& growth) {
    return fmt::format(
        "{} grew from {:.0f} to {:.0f} bytes{}, and never shrank",
        growth.blocks < 1.5 ? std::string("a block") : count_of(growth.blocks, "block", "blocks"),
        growth.first_bytes, growth.last_bytes, growth.blocks < 1.5 ? "" : " on average");
}

}  // namespace

std::vector<Evidence> growth_evidence(const Growth& growth) {
    std::vector<Evidence> evidence = {
        {"age", growth.age_term, kAgeWeight, age_text(growth)},
        {"spread", growth.spread_term, kSpreadWeight, spread_text(growth)},
        {"trend", growth.trend_term, kTrendWeight, trend_text(growth)},
        {"going_on", growth.going_on_term, kGoingOnWeight, going_on_text(growth)}};
    if (growth.balance.share < kAllOfThem)
        evidence.push_back(
            {"balance", growth.balance.share, kBalanceWeight, balance_text(growth.balance)});
    return evidence;
}

std::vector<Evidence> block_growth_evidence(const BlockGrowth& growth) {
    const std::string going_on =
        growth.by_pace
            ? std::string(
                  "what it held when it was enlarged grew at one rate; so much of the time "
                  "until it is full again is left or not long over")
            : std::string("enlargements came up to the end, as often as before");
    return {{"spread", growth.spread_term, kSpreadWeight,
             fmt::format("{} became larger in {} of the intervals, and never smaller",
                         growth.blocks < 1.5 ? "the block" : "the mean block", growth.steps)},
            {"going_on", growth.going_on_term, kGoingOnWeight, going_on}};
}

std::vector<Evidence> backlog_evidence(const Backlog& backlog) {
    return {{"trend", backlog.trend_term, 0.5,
             fmt::format("the number of live blocks rises: {:.1f} standard deviations above chance",
                         backlog.trend_z)},
            {"pace", backlog.pace_term, 0.5,
             fmt::format("it rises as much in the later half as in the earlier, though no more are "
                         "allocated; {:.0f} are freed for 100 allocated",
                         100 * backlog.freed_share)}};
}

Evidence reachability_evidence(const SiteHistory& site, double lost_score) {
    const ReachSign& sign = *site.signs.reachability;
    const auto blocks = [&](Reach kind) { return sign.found.of(kind).blocks; };
    const auto direct = static_cast<double>(blocks(Reach::direct));
    const bool on_device = domain_of_cuda(site.domain);
    std::string text =
        fmt::format("{}, {} indirectly{}, {} possibly, {} reachable",
                    on_device ? fmt::format("{} no pointer in host memory",
                                            count_of(direct, "block has", "blocks have"))
                              : count_of(direct, "block is", "blocks are") + " directly lost",
                    blocks(Reach::indirect), on_device ? " lost" : "", blocks(Reach::possible),
                    blocks(Reach::reachable));
    if (direct > 0 && on_device) text += "; whether the device's own memory has one is not known";
    if (!sign.confirmed) text += "; not confirmed";
    return {"reachability", lost_score, 1, text};
}

namespace {

std::string lost_text(const SiteHistory& site) {
    const Reachability& found = site.signs.reachability->found;
    const uint64_t lost = found.lost().blocks;
    const uint64_t number = lost > 0 ? lost : found.of(Reach::possible).blocks;
    const std::string blocks = count_of(static_cast<double>(number), "block", "blocks");
    if (lost > 0 && domain_of_cuda(site.domain))
        return fmt::format("no pointer to {} is left in host memory", blocks);
    return fmt::format("nothing {} {} any more", lost > 0 ? "leads to" : "leads safely to", blocks);
}

}  // namespace

std::string leak_reading(const LeakScore& score, const SiteHistory& site) {
    std::string text;
    if (score.kind != LeakKind::growth && site.signs.reachability) text = lost_text(site);
    if (score.kind == LeakKind::lost) return text;
    const Growth& growth = score.growth;
    if (!text.empty()) text += ", and ";
    if (score.larger) return text + size_text(*score.larger);
    if (score.backlog)
        return text +
               fmt::format("{:.0f} live blocks became {:.0f}: fewer are freed than allocated",
                           score.backlog->first_blocks, score.backlog->last_blocks);
    text += fmt::format("{:.0f} of {:.0f} blocks allocated after the first {} are still live",
                        growth.survivors, growth.allocated,
                        count_of(static_cast<double>(growth.warm_up), "interval", "intervals"));
    if (growth.silent == 0) text += ", and more keep coming";
    return text;
}

}  // namespace heapdrift::model
