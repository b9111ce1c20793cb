// What heapdrift.toml, the environment and the command line can say. A value that is not there was
// not set; the defaults are those of the functions that read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/model/gate/amount.h"
#include "analyzer/model/gate/budget.h"

namespace heapdrift::model {

enum class FailOn { new_leak, any_leak, never };
inline constexpr std::array<const char*, 3> kFailOnNames = {"new-leak", "any-leak", "never"};

enum class GrowthPolicy { fail, warn, ignore };
inline constexpr std::array<const char*, 3> kGrowthPolicyNames = {"fail", "warn", "ignore"};

// [record]: of `run`, and of `check` where it runs the command.
struct RecordSettings {
    std::optional<uint64_t> interval_ms;
    std::optional<uint64_t> depth;
    std::optional<bool> scan;
    std::optional<bool> keep_all;
    std::optional<bool> symbols;
};

// [report]: how `check` names places in the source.
struct ReportSettings {
    std::optional<std::string> source_root;
    std::optional<std::vector<std::string>> project_frames;
};

// [gate]
struct GateSettings {
    std::optional<std::string> baseline;
    std::optional<std::vector<std::string>> suppressions;
    std::optional<std::vector<std::string>> programs;
    std::optional<FailOn> fail_on;
    std::optional<GrowthPolicy> growth;
    std::optional<double> min_score;
    std::optional<uint64_t> runs;
    std::optional<uint64_t> confirm;
    std::optional<bool> strict;
};

// [tolerance]
struct ToleranceSettings {
    std::optional<Tolerance> warn;
    std::optional<Tolerance> fail;
    std::optional<Tolerance> warn_allocations;
    std::optional<Tolerance> fail_allocations;
};

struct Settings {
    RecordSettings record;
    ReportSettings report;
    GateSettings gate;
    ToleranceSettings tolerance;
    std::optional<std::vector<Budget>> budgets;  // [[budget]]
};

// What `over` says comes before what `under` says, value by value; lists are not joined.
Settings overlay(const Settings& over, const Settings& under);

}  // namespace heapdrift::model
