// The verdict: what was found, held against the baseline, the suppressions and the budgets.
//
// Only what is the same in every run of the same program fails a gate by itself: lost blocks, which
// are proven, and figures that the program determines. Growth is a matter of statistics, so it
// fails only far above the score that says "leak" (kGrowthGateScore). Where the program can be run
// again, it is when growth is suspected, and what fails is what every further run gives that score:
// in those the snapshots are taken by the number of operations, so that the score is that of the
// program, and the machine's load has no part in it. Below, it warns. Against the baseline there
// is hysteresis: what was accepted stays accepted, until it is larger by the tolerance.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "analyzer/model/gate/baseline.h"
#include "analyzer/model/gate/findings.h"
#include "analyzer/model/gate/run_comparison.h"
#include "analyzer/model/gate/settings.h"

namespace heapdrift::model {

inline constexpr double kGrowthGateScore = 0.9;

enum class Level { pass, note, warning, error };
const char* level_name(Level level);  // "pass", "note", "warning", "error"

enum class LeakState { fresh, grown, known, suppressed };
const char* leak_state_name(LeakState state);  // "new", "grown", "known", "suppressed"

struct JudgedLeak {
    FoundLeak found;  // the largest of all processes
    LeakState state = LeakState::fresh;
    Level level = Level::pass;
    std::set<std::string> programs;
    size_t processes = 0;
    size_t runs = 0;         // that it was found in
    double least_score = 0;  // of the runs that growth was judged by
    bool suspected = true;   // where further runs were made, by one of those before
    std::optional<BaselineLeak> accepted;

    uint64_t blocks() const {
        return found.lost_blocks > 0 ? found.lost_blocks : found.live_blocks;
    }
    uint64_t bytes() const { return found.lost_blocks > 0 ? found.lost_bytes : found.live_bytes; }
};

struct JudgedBudget {
    Budget budget;
    std::string program;
    std::vector<uint64_t> values = {};  // of each run, the process that had most
    uint64_t slack = 0;
    std::string unknown = {};  // why it could not be measured
    Level level = Level::pass;
    bool noise = false;  // some runs keep it and some do not
};

struct JudgedFigure {
    std::string program;
    Metric metric = Metric::peak;
    std::vector<uint64_t> before;
    std::vector<uint64_t> after;
    RunComparison comparison = {};
    Tolerance failing = {};
    Level level = Level::pass;
};

struct GateOptions {
    FailOn fail_on = FailOn::new_leak;
    GrowthPolicy growth = GrowthPolicy::fail;
    double min_score = kGrowthGateScore;
    // Runs before it were to find suspects only; growth is judged by the others.
    size_t first_confirming_run = 0;
    bool strict = false;
    Tolerance warn = {10, 5ULL << 20};
    Tolerance fail = {100, 50ULL << 20};
    Tolerance warn_allocations = {10, 10'000};
    Tolerance fail_allocations = {100, 100'000};
};

struct GateVerdict {
    std::vector<JudgedLeak> leaks;  // the worst first
    std::vector<JudgedBudget> budgets;
    std::vector<JudgedFigure> figures;
    std::vector<BaselineLeak> vanished;  // accepted, and found no more in runs of their programs
    std::vector<Budget> idle_budgets;    // that matched no program
    size_t runs = 0;
    bool leaks_fail = false;
    bool budgets_fail = false;
};

GateVerdict judge(const std::vector<FoundProcess>& processes, const Baseline& baseline,
                  const std::vector<Budget>& budgets, const GateOptions& options);

// Of each run, the process of the program that had most.
std::vector<uint64_t> figures_of_runs(const std::vector<FoundProcess>& processes,
                                      const std::string& program, Metric metric);

// What might fail the gate and might be otherwise in another run, which it is worth: leaks that
// grow and are new, budgets broken by what hangs on the timing of threads.
bool has_suspects(const std::vector<FoundProcess>& processes, const Baseline& baseline,
                  const std::vector<Budget>& budgets, const GateOptions& options);

}  // namespace heapdrift::model
