// Memory grows so that a limit is reached soon.
#include "analyzer/model/suggestions/rules.h"
#include "analyzer/model/trend.h"

namespace heapdrift::model {

namespace {

constexpr const char* kRule = "limit";
// How far ahead the past may be continued, in times its own length.
constexpr double kHorizon = 10;
// Programs that build up what they need grow fast at first: unless the user asks with a limit of
// his own, a forecast needs a minute.
constexpr double kLeastSeconds = 60;

std::vector<double> heap_bytes(const History& history) {
    std::vector<double> values;
    for (const HistoryPoint& point : history.points) values.push_back(point.heap_bytes);
    return values;
}

}  // namespace

void judge_limit(const Subject& subject, Findings& findings) {
    if (!subject.limit) return findings.not_judged(kRule, "no limit of memory is known");
    if (subject.history.points.size() < kEnoughSnapshots)
        return findings.not_judged(kRule, "too few snapshots for a forecast");
    if (subject.limit_of_container && subject.history.points.back().seconds < kLeastSeconds)
        return findings.not_judged(kRule, "less than a minute was recorded");
    const Trend trend = trend_of(subject.history.seconds(), heap_bytes(subject.history));
    // The rate is the heap's: a container is also charged for files that it can drop.
    const HistoryPoint& last = subject.history.points.back();
    const double current =
        subject.limit_of_container
            ? static_cast<double>(last.cgroup_bytes.value_or(last.rss_anon_bytes.value_or(0)))
            : last.heap_bytes;
    if (trend.word != TrendWord::increasing || trend.per_second.low <= 0) return;
    const Forecast ahead = forecast(*subject.limit, current, trend.per_second);
    if (!ahead.seconds || *ahead.seconds > kHorizon * last.seconds) return;
    findings.add({.rule = kRule,
                  .severity = *ahead.seconds <= last.seconds ? Severity::high : Severity::medium,
                  .site = {},
                  .finding = "At the present rate the limit of memory is reached soon",
                  .evidence = {{"limit", *subject.limit, Unit::bytes},
                               {"in_use", current, Unit::bytes},
                               {"heap_growth", trend.per_second.estimate, Unit::bytes_per_second},
                               {"heap_growth_low", trend.per_second.low, Unit::bytes_per_second},
                               {"heap_growth_high", trend.per_second.high, Unit::bytes_per_second},
                               {"time_left", *ahead.seconds, Unit::seconds}},
                  .gain = {},
                  .action = "heapdrift trend shows which sites grow, heapdrift leaks which of them "
                            "for ever; bound them, or raise the limit"});
}

}  // namespace heapdrift::model
