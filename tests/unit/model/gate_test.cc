#include "analyzer/model/gate/gate.h"

#include <gtest/gtest.h>

#include "analyzer/model/gate/baseline_update.h"

namespace heapdrift::model {
namespace {

constexpr uint64_t kMiB = 1 << 20;

FoundLeak lost(const std::string& function, uint64_t bytes, uint64_t blocks = 1) {
    FoundLeak leak;
    leak.frames = {{.function = function, .file = "", .module = "/bin/tests"}};
    leak.identity = identify(leak.frames, Domain::heap);
    leak.lost_blocks = leak.direct_blocks = blocks;
    leak.lost_bytes = bytes;
    return leak;
}

FoundLeak growing(const std::string& function, double score) {
    FoundLeak leak = lost(function, 0, 0);
    leak.growth_score = score;
    leak.live_blocks = 100;
    leak.live_bytes = 6400;
    return leak;
}

FoundProcess process(std::vector<FoundLeak> leaks, size_t run = 0) {
    FoundProcess made;
    made.run = run;
    made.program = "tests";
    made.snapshots = 48;
    made.leaks = std::move(leaks);
    return made;
}

Baseline accepted(const std::vector<FoundProcess>& processes) {
    const GateVerdict verdict = judge(processes, {}, {}, {});
    return accept({}, verdict, processes, {}, false).baseline;
}

Level only_level(const std::vector<FoundProcess>& processes, const Baseline& baseline = {},
                 const GateOptions& options = {}) {
    const GateVerdict verdict = judge(processes, baseline, {}, options);
    EXPECT_EQ(verdict.leaks.size(), 1u);
    return verdict.leaks.empty() ? Level::pass : verdict.leaks[0].level;
}

TEST(Gate, LostBlocksFailUntilTheyAreAccepted) {
    const std::vector<FoundProcess> found = {process({lost("put", 100)})};
    EXPECT_EQ(only_level(found), Level::error);
    EXPECT_TRUE(judge(found, {}, {}, {}).leaks_fail);
    const Baseline baseline = accepted(found);
    EXPECT_EQ(only_level(found, baseline), Level::pass);
    EXPECT_EQ(only_level(found, baseline, {.fail_on = FailOn::any_leak}), Level::error);
    EXPECT_FALSE(judge(found, {}, {}, {.fail_on = FailOn::never}).leaks_fail);
}

TEST(Gate, DirectAndIndirectLossAreOneVerdict) {
    FoundLeak ring = lost("ring", 100);
    ring.direct_blocks = 0;
    EXPECT_EQ(only_level({process({ring})}), Level::error);
}

TEST(Gate, AcceptedLeakMayVaryWithinTheTolerance) {
    const Baseline baseline = accepted({process({lost("put", 10 * kMiB)})});
    EXPECT_EQ(only_level({process({lost("put", 14 * kMiB)})}, baseline), Level::pass);
    EXPECT_EQ(only_level({process({lost("put", 16 * kMiB)})}, baseline), Level::warning);
    EXPECT_EQ(only_level({process({lost("put", 59 * kMiB)})}, baseline), Level::warning);
    EXPECT_EQ(only_level({process({lost("put", 61 * kMiB)})}, baseline), Level::error);
}

TEST(Gate, GrowthFailsOnlyFarAboveTheScoreThatSaysLeak) {
    EXPECT_EQ(only_level({process({growing("list", 0.95)})}), Level::error);
    EXPECT_EQ(only_level({process({growing("list", 0.72)})}), Level::warning);
    EXPECT_TRUE(judge({process({growing("list", 0.65)})}, {}, {}, {}).leaks.empty());
    EXPECT_EQ(only_level({process({growing("list", 0.95)})}, {}, {.growth = GrowthPolicy::warn}),
              Level::warning);
    EXPECT_TRUE(judge({process({growing("list", 0.95)})}, {}, {}, {.growth = GrowthPolicy::ignore})
                    .leaks.empty());
}

TEST(Gate, GrowthFailsOnlyIfEachRunSaysSo) {
    const auto runs = [](double second, double third) {
        return std::vector<FoundProcess>{process({growing("list", 0.95)}, 0),
                                         process({growing("list", second)}, 1),
                                         process({growing("list", third)}, 2)};
    };
    EXPECT_EQ(only_level(runs(0.93, 0.97)), Level::error);
    EXPECT_EQ(only_level(runs(0.93, 0.85)), Level::warning);
    std::vector<FoundProcess> absent = runs(0.93, 0.97);
    absent[1].leaks.clear();
    EXPECT_EQ(only_level(absent), Level::warning);
    // The first only found the suspect: few snapshots of it cap the score.
    std::vector<FoundProcess> confirmed = runs(0.93, 0.97);
    confirmed[0].leaks[0].growth_score = 0.6;
    confirmed[0].snapshots = kEnoughSnapshots - 1;
    EXPECT_EQ(only_level(confirmed, {}, {.first_confirming_run = 1}), Level::error);
    // What no run by the clock suspects is not confirmed by the others.
    confirmed[0].snapshots = kEnoughSnapshots;
    EXPECT_EQ(only_level(confirmed, {}, {.first_confirming_run = 1}), Level::warning);
}

TEST(Gate, ConfirmedGrowthIsShownAsTheFurtherRunsHaveIt) {
    std::vector<FoundProcess> processes = {process({growing("list", 0.99)}, 0),
                                           process({growing("list", 0.93)}, 1)};
    processes[0].leaks[0].bytes_per_second.estimate = 5;
    processes[1].leaks[0].bytes_per_second.estimate = 7;
    const GateVerdict verdict = judge(processes, {}, {}, {.first_confirming_run = 1});
    EXPECT_EQ(verdict.leaks.at(0).found.growth_score, 0.93);
    EXPECT_EQ(verdict.leaks.at(0).found.bytes_per_second.estimate, 5) << "these have no clock";
}

TEST(Gate, RunsThatCannotJudgeGrowthProveNothing) {
    FoundProcess few = process({growing("list", 0.95)});
    few.snapshots = kEnoughSnapshots - 1;
    EXPECT_EQ(only_level({few}), Level::warning);
}

TEST(Gate, SuspectsAreWorthAnotherRun) {
    EXPECT_TRUE(has_suspects({process({growing("list", 0.75)})}, {}, {}, {}));
    EXPECT_FALSE(has_suspects({process({growing("list", 0.6)})}, {}, {}, {}));
    FoundProcess few = process({growing("list", 0.6)});
    few.snapshots = 8;
    EXPECT_TRUE(has_suspects({few}, {}, {}, {})) << "0.6 is the most it can be";
    EXPECT_FALSE(has_suspects({process({lost("put", 5)})}, {}, {}, {})) << "a proof needs no run";
    EXPECT_FALSE(has_suspects({few}, accepted({process({growing("list", 0.95)})}), {}, {}));
    EXPECT_FALSE(has_suspects({few}, {}, {}, {.growth = GrowthPolicy::warn}));
}

TEST(Gate, SuppressedLeaksFailNothing) {
    FoundLeak leak = lost("put", 5);
    leak.suppressed_by = "leak:put (rules:1)";
    const GateVerdict verdict = judge({process({leak})}, {}, {}, {});
    EXPECT_FALSE(verdict.leaks_fail);
    EXPECT_EQ(verdict.leaks.at(0).state, LeakState::suppressed);
    EXPECT_TRUE(accepted({process({leak})}).leaks.empty());
}

TEST(Gate, OrderOfProcessesIsNoDifference) {
    const FoundProcess one = process({lost("a", 5), lost("b", 5)});
    const FoundProcess two = process({lost("b", 5), lost("c", 5), lost("a", 5)});
    const GateVerdict forth = judge({one, two}, {}, {}, {});
    const GateVerdict back = judge({two, one}, {}, {}, {});
    ASSERT_EQ(forth.leaks.size(), 3u);
    for (size_t i = 0; i < 3; ++i)
        EXPECT_EQ(forth.leaks[i].found.identity, back.leaks[i].found.identity);
}

TEST(Gate, VanishedIsOnlyWhatCouldHaveBeenSeen) {
    const Baseline baseline = accepted({process({lost("put", 5)})});
    EXPECT_EQ(judge({process({})}, baseline, {}, {}).vanished.size(), 1u);
    EXPECT_FALSE(judge({process({})}, baseline, {}, {}).budgets_fail);
    EXPECT_TRUE(judge({process({})}, baseline, {}, {.strict = true}).budgets_fail);
    FoundProcess unscanned = process({});
    unscanned.not_scanned = "it was killed";
    EXPECT_TRUE(judge({unscanned}, baseline, {}, {}).vanished.empty());
    FoundProcess other = process({});
    other.program = "other";
    EXPECT_TRUE(judge({other}, baseline, {}, {}).vanished.empty());
}

GateVerdict with_budget(uint64_t limit, const std::vector<uint64_t>& runs, uint64_t slack = 0) {
    const std::vector<Budget> budgets = {{.metric = Metric::peak, .limit = limit}};
    std::vector<FoundProcess> processes;
    for (const uint64_t value : runs) {
        processes.push_back(process({}, processes.size()));
        processes.back().budgets.push_back({value, slack, ""});
    }
    return judge(processes, {}, budgets, {});
}

TEST(Budgets, LimitMayBeReachedAndNotPassed) {
    EXPECT_FALSE(with_budget(100, {100}).budgets_fail);
    EXPECT_TRUE(with_budget(100, {101}).budgets_fail);
}

TEST(Budgets, WhatIsNotKnownForCertainFailsNothing) {
    EXPECT_FALSE(with_budget(100, {104}, 4).budgets_fail);
    EXPECT_TRUE(with_budget(100, {105}, 4).budgets_fail);
}

TEST(Budgets, RunsOnBothSidesOfTheLimitAreNoise) {
    const GateVerdict verdict = with_budget(100, {99, 150, 130});
    EXPECT_FALSE(verdict.budgets_fail);
    EXPECT_TRUE(verdict.budgets.at(0).noise);
    EXPECT_TRUE(with_budget(100, {101, 150, 130}).budgets_fail);
}

TEST(Budgets, WhatHangsOnTimingIsWorthAnotherRun) {
    const std::vector<Budget> budgets = {{.metric = Metric::peak, .limit = 100}};
    FoundProcess found = process({});
    for (const bool of_timing : {false, true}) {
        found.budgets = {{130, 1, "", of_timing}};
        EXPECT_EQ(has_suspects({found}, {}, budgets, {}), of_timing);
    }
    EXPECT_FALSE(has_suspects({found}, {}, budgets, {.fail_on = FailOn::never}));
    found.budgets = {{100, 1, "", true}};
    EXPECT_FALSE(has_suspects({found}, {}, budgets, {}));
}

TEST(Budgets, MissingLabelsFailAndMissingScansWarn) {
    const std::vector<Budget> growth = {
        {.metric = Metric::growth, .from = "a", .to = "b", .limit = 5}};
    FoundProcess found = process({});
    found.budgets = {{std::nullopt, 0, "no snapshot is labelled 'a'"}};
    EXPECT_TRUE(judge({found}, {}, growth, {}).budgets_fail);
    FoundProcess helper = found;
    helper.program = "helper";
    found.budgets[0] = {3, 0, ""};
    EXPECT_FALSE(judge({found, helper}, {}, growth, {}).budgets_fail);
    const std::vector<Budget> leaked = {{.metric = Metric::leaked, .limit = 0}};
    EXPECT_EQ(judge({helper}, {}, leaked, {}).budgets.at(0).level, Level::warning);
}

TEST(Budgets, OnesThatMatchNothingAreNamed) {
    const std::vector<Budget> budgets = {{.match = "nosuch", .limit = 0}};
    FoundProcess found = process({});
    found.budgets.emplace_back();
    EXPECT_EQ(judge({found}, {}, budgets, {}).idle_budgets.size(), 1u);
}

std::vector<FoundProcess> with_peaks(const std::vector<uint64_t>& peaks) {
    std::vector<FoundProcess> processes;
    for (const uint64_t peak : peaks) {
        processes.push_back(process({}, processes.size()));
        processes.back().figures = {{Metric::peak, peak}};
    }
    return processes;
}

Baseline with_accepted_peaks(const std::vector<uint64_t>& peaks) {
    return {.figures = {{"tests", Metric::peak, peaks}}, .leaks = {}};
}

TEST(Figures, RiseMustBeMoreThanToleranceAndNoise) {
    const Baseline baseline = with_accepted_peaks({100 * kMiB});
    EXPECT_EQ(judge(with_peaks({109 * kMiB}), baseline, {}, {}).figures.at(0).level, Level::pass);
    EXPECT_EQ(judge(with_peaks({111 * kMiB}), baseline, {}, {}).figures.at(0).level,
              Level::warning);
    EXPECT_TRUE(judge(with_peaks({201 * kMiB}), baseline, {}, {}).budgets_fail);
    const Baseline noisy = with_accepted_peaks({50 * kMiB, 90 * kMiB, 300 * kMiB});
    const GateVerdict verdict = judge(with_peaks({201 * kMiB}), noisy, {}, {});
    EXPECT_FALSE(verdict.budgets_fail);
    EXPECT_EQ(verdict.figures.at(0).comparison.change, Change::noise);
}

TEST(BaselineUpdate, LeavesLinesAloneThatStillHold) {
    const std::vector<FoundProcess> found = {process({lost("put", 10 * kMiB, 10)})};
    const Baseline baseline = accepted(found);
    const std::vector<FoundProcess> a_little_more = {process({lost("put", 11 * kMiB, 11)})};
    const GateVerdict verdict = judge(a_little_more, baseline, {}, {});
    EXPECT_EQ(accept(baseline, verdict, a_little_more, {}, false).baseline, baseline);
    const std::vector<FoundProcess> much_more = {process({lost("put", 90 * kMiB, 90)})};
    const BaselineChange change =
        accept(baseline, judge(much_more, baseline, {}, {}), much_more, {}, false);
    ASSERT_EQ(change.raised.size(), 1u);
    EXPECT_EQ(change.raised[0].blocks, 90u);
}

TEST(BaselineUpdate, FiguresAreKeptOfProgramsThatHaveSome) {
    const Baseline baseline = with_accepted_peaks({100 * kMiB});
    const std::vector<FoundProcess> near = with_peaks({104 * kMiB});
    EXPECT_EQ(accept(baseline, judge(near, baseline, {}, {}), near, {}, false)
                  .baseline.find("tests", Metric::peak)
                  ->values,
              std::vector<uint64_t>{100 * kMiB});
    const std::vector<FoundProcess> far = with_peaks({300 * kMiB});
    EXPECT_EQ(accept(baseline, judge(far, baseline, {}, {}), far, {}, false)
                  .baseline.find("tests", Metric::peak)
                  ->values,
              std::vector<uint64_t>{300 * kMiB});
    EXPECT_TRUE(accept({}, judge(far, {}, {}, {}), far, {}, false).baseline.figures.empty());
}

TEST(BaselineUpdate, PruneDropsWhatVanished) {
    const std::vector<FoundProcess> both = {process({lost("a", 5), lost("b", 5)})};
    const Baseline baseline = accepted(both);
    const BaselineChange change =
        prune(baseline, judge({process({lost("b", 5)})}, baseline, {}, {}));
    ASSERT_EQ(change.baseline.leaks.size(), 1u);
    EXPECT_EQ(change.baseline.leaks[0].identity, lost("b", 5).identity);
    EXPECT_EQ(change.removed.size(), 1u);
}

}  // namespace
}  // namespace heapdrift::model
