#include "analyzer/commands/gate/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "analyzer/commands/gate/gate_runs.h"
#include "analyzer/commands/gate/process_finder.h"
#include "analyzer/input/baseline_file.h"
#include "analyzer/model/failure.h"

namespace heapdrift::commands {

namespace {

constexpr uint64_t kDefaultIntervalMs = 5;
// Between the first snapshots of a run that is to confirm growth: at most so many operations, so
// that programs of some thousand have enough of them, and fewer in programs that allocate less.
constexpr uint64_t kConfirmingOperations = 64;
constexpr uint64_t kConfirmingSnapshots = 64;

model::GateOptions gate_options(const model::Settings& settings) {
    model::GateOptions options;
    options.fail_on = settings.gate.fail_on.value_or(options.fail_on);
    options.growth = settings.gate.growth.value_or(options.growth);
    options.min_score = settings.gate.min_score.value_or(options.min_score);
    options.strict = settings.gate.strict.value_or(options.strict);
    options.warn = settings.tolerance.warn.value_or(options.warn);
    options.fail = settings.tolerance.fail.value_or(options.fail);
    options.warn_allocations =
        settings.tolerance.warn_allocations.value_or(options.warn_allocations);
    options.fail_allocations =
        settings.tolerance.fail_allocations.value_or(options.fail_allocations);
    return options;
}

std::vector<model::SuppressionRule> read_rules(const model::Settings& settings) {
    std::vector<model::SuppressionRule> rules;
    for (const std::string& path :
         settings.gate.suppressions.value_or(std::vector<std::string>())) {
        std::ifstream file(path);
        std::ostringstream text;
        text << file.rdbuf();
        if (!file) throw Failure(fmt::format("{}: {}", path, std::strerror(errno)));
        for (model::SuppressionRule& rule : model::parse_suppressions(text.str(), path))
            rules.push_back(std::move(rule));
    }
    return rules;
}

// The repository that we stand in, else the folder.
std::string default_source_root() {
    std::error_code error;
    const std::filesystem::path here = std::filesystem::current_path(error);
    for (std::filesystem::path above = here;; above = above.parent_path()) {
        if (std::filesystem::exists(above / ".git", error)) return above.string();
        if (above == above.parent_path()) return here.string();
    }
}

class Judging {
public:
    Judging(const GateArguments& arguments, const model::Settings& settings)
        : arguments_(arguments), settings_(settings) {
        report::CheckDocument& document = gate_.document;
        document.options = gate_options(settings);
        document.suppressions = read_rules(settings);
        document.baseline_path = baseline_path(settings);
        input::LoadedBaseline loaded = input::load_baseline(document.baseline_path);
        gate_.baseline = std::move(loaded.baseline);
        document.has_baseline = loaded.exists;
        document.places = report::SourcePlaces(
            std::filesystem::absolute(settings.report.source_root.value_or(default_source_root()))
                .string(),
            settings.report.project_frames.value_or(std::vector<std::string>()));
        find_.names = arguments.names;
        find_.programs = settings.gate.programs.value_or(std::vector<std::string>());
        find_.budgets = settings.budgets.value_or(std::vector<model::Budget>());
        find_.growth = document.options.growth != model::GrowthPolicy::ignore;
    }

    Gate take() {
        if (arguments_.is_command)
            judge_runs();
        else
            judge_recordings();
        finish();
        return std::move(gate_);
    }

private:
    void find(const std::string& path, size_t run) {
        auto found = find_in_recording(path, run, find_, gate_.document.suppressions);
        if (found) gate_.document.processes.push_back(std::move(*found));
    }

    void judge_recordings() {
        for (const std::string& source : arguments_.sources) find(source, 0);
        if (!arguments_.as_runs) return;
        std::map<std::string, size_t> runs_of;
        for (model::FoundProcess& process : gate_.document.processes)
            process.run = runs_of[process.program]++;
    }

    bool run(const SnapshotPace& pace, const std::string& folder) {
        const GateRun result =
            run_gated(arguments_.sources, settings_.record, pace, folder, ++runs_);
        find_.by_operations = pace.operations != 0;
        gate_.document.program_exit = result.exit_code;
        for (const std::string& path : result.recordings) find(path, runs_ - 1);
        return result.exit_code == 0;
    }

    void judge_runs() {
        report::CheckDocument& document = gate_.document;
        document.command = arguments_.sources;
        const RecordingFolder folder(arguments_.keep);
        SnapshotPace pace{settings_.record.interval_ms.value_or(kDefaultIntervalMs)};
        const uint64_t wanted = settings_.gate.runs.value_or(1);
        while (runs_ < wanted)
            if (!run(pace, folder.path())) return;
        const uint64_t confirming = settings_.gate.confirm.value_or(2);
        if (confirming == 0 || !model::has_suspects(document.processes, gate_.baseline,
                                                    find_.budgets, document.options))
            return;
        // What the score is then does not hang on the machine: of a program that does the same, it
        // is the same.
        pace.operations = confirming_operations();
        document.options.first_confirming_run = runs_;
        for (uint64_t i = 0; i < confirming; ++i) {
            fmt::print(stderr,
                       "heapdrift: what this run says may be otherwise in the next one; running it "
                       "again to be sure ({} of {})\n",
                       i + 1, confirming);
            if (!run(pace, folder.path())) return;
        }
    }

    // A power of two: one allocation more or less must not change where the snapshots are.
    uint64_t confirming_operations() const {
        uint64_t fewest = kConfirmingOperations;
        for (const model::FoundProcess& process : gate_.document.processes)
            if (!process.leaks.empty())
                fewest = std::min(
                    fewest, process.figures.at(model::Metric::allocations) / kConfirmingSnapshots);
        return std::bit_floor(std::max<uint64_t>(fewest, 1));
    }

    void finish() {
        report::CheckDocument& document = gate_.document;
        if (document.processes.empty() && !document.program_failed())
            throw Failure(find_.programs.empty()
                              ? "nothing was recorded, so that nothing can be judged"
                              : fmt::format("no program that was recorded has a name like {}",
                                            fmt::join(find_.programs, ", ")));
        document.verdict =
            model::judge(document.processes, gate_.baseline, find_.budgets, document.options);
        if (document.program_failed())
            document.exit_code = *document.program_exit;
        else if (document.verdict.leaks_fail)
            document.exit_code = report::kLeakExit;
        else if (document.verdict.budgets_fail)
            document.exit_code = report::kBudgetExit;
    }

    const GateArguments& arguments_;
    const model::Settings& settings_;
    FindOptions find_;
    size_t runs_ = 0;
    Gate gate_;
};

}  // namespace

Gate judge_sources(const GateArguments& arguments, const model::Settings& settings) {
    return Judging(arguments, settings).take();
}

std::string baseline_path(const model::Settings& settings) {
    return settings.gate.baseline.value_or("heapdrift-baseline.json");
}

}  // namespace heapdrift::commands
