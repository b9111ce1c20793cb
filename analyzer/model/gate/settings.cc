#include "analyzer/model/gate/settings.h"

namespace heapdrift::model {

namespace {

template <typename Value>
void take(std::optional<Value>& into, const std::optional<Value>& from) {
    if (from) into = from;
}

}  // namespace

Settings overlay(const Settings& over, const Settings& under) {
    Settings result = under;
    take(result.record.interval_ms, over.record.interval_ms);
    take(result.record.depth, over.record.depth);
    take(result.record.scan, over.record.scan);
    take(result.record.keep_all, over.record.keep_all);
    take(result.record.symbols, over.record.symbols);
    take(result.report.source_root, over.report.source_root);
    take(result.report.project_frames, over.report.project_frames);
    take(result.gate.baseline, over.gate.baseline);
    take(result.gate.suppressions, over.gate.suppressions);
    take(result.gate.programs, over.gate.programs);
    take(result.gate.fail_on, over.gate.fail_on);
    take(result.gate.growth, over.gate.growth);
    take(result.gate.min_score, over.gate.min_score);
    take(result.gate.runs, over.gate.runs);
    take(result.gate.confirm, over.gate.confirm);
    take(result.gate.strict, over.gate.strict);
    take(result.tolerance.warn, over.tolerance.warn);
    take(result.tolerance.fail, over.tolerance.fail);
    take(result.tolerance.warn_allocations, over.tolerance.warn_allocations);
    take(result.tolerance.fail_allocations, over.tolerance.fail_allocations);
    take(result.budgets, over.budgets);
    return result;
}

}  // namespace heapdrift::model
