#include <fmt/format.h>

#include "analyzer/report/gate/writers.h"
#include "analyzer/report/json_parts.h"
#include "analyzer/report/json_writer.h"

namespace heapdrift::report {

namespace {

void write_texts(JsonWriter& json, const char* key, const auto& texts) {
    json.key(key).begin_array();
    for (const std::string& text : texts) json.text(text);
    json.end_array();
}

void write_values(JsonWriter& json, const char* key, const std::vector<uint64_t>& values) {
    json.key(key).raw_value(fmt::format("[{}]", fmt::join(values, ", ")));
}

void write_frames(JsonWriter& json, const CheckDocument& document,
                  const std::vector<model::Frame>& frames) {
    json.key("frames").begin_array();
    for (const model::Frame& frame : frames) {
        const auto place = document.places.of(frame);
        json.begin_object();
        json.set_multiline(false);
        json.key("function").text_or_null(frame.function);
        json.key("file").text_or_null(place ? place->file : "");
        json.key("line").number_or_null(
            place && place->line != 0 ? std::optional<uint64_t>(place->line) : std::nullopt);
        json.key("module").text_or_null(frame.module);
        json.key("module_offset").number(frame.module_offset);
        json.key("inlined").boolean(frame.inlined);
        json.end_object();
        json.set_multiline(true);
    }
    json.end_array();
}

void write_accepted(JsonWriter& json, const model::BaselineLeak& leak) {
    json.begin_object();
    json.key("id").text(leak.identity.id());
    json.key("kind").text(model::leak_kind_name(leak.kind));
    json.key("blocks").number(leak.blocks);
    json.key("bytes").number(leak.bytes);
    write_texts(json, "stack", leak.identity.stack);
    write_texts(json, "programs", leak.programs);
    json.end_object();
}

void write_leak(JsonWriter& json, const CheckDocument& document, const model::JudgedLeak& leak) {
    json.begin_object();
    json.key("id").text(leak.found.identity.id());
    json.key("state").text(model::leak_state_name(leak.state));
    json.key("level").text(model::level_name(leak.level));
    json.key("kind").text(model::leak_kind_name(leak.found.kind()));
    json.key("domain").text(domain_name(leak.found.identity.domain));
    json.key("blocks").number(leak.blocks());
    json.key("bytes").number(leak.bytes());
    json.key("direct_blocks").number(leak.found.direct_blocks);
    json.key("growth_score").raw_value(fmt::format("{:.3f}", leak.found.growth_score));
    json.key("text").text(leak_text(leak));
    json.key("reason").text(reason_text(leak, document.options));
    json.key("shown_frame").number(document.places.frame_to_show(leak.found.frames));
    write_texts(json, "programs", leak.programs);
    json.key("processes").number(leak.processes);
    json.key("runs").number(leak.runs);
    json.key("accepted");
    if (leak.accepted)
        write_accepted(json, *leak.accepted);
    else
        json.null();
    write_frames(json, document, leak.found.frames);
    json.end_object();
}

void write_budget(JsonWriter& json, const model::JudgedBudget& judged) {
    const model::Budget& budget = judged.budget;
    json.begin_object();
    json.key("name").text_or_null(budget.name);
    json.key("origin").text(budget.origin);
    json.key("program").text(judged.program);
    json.key("metric").text(model::metric_name(budget.metric));
    json.key("domain").text_or_null(budget.domain ? domain_name(*budget.domain) : "");
    json.key("site").text_or_null(budget.site);
    json.key("limit").number(budget.limit);
    write_values(json, "values", judged.values);
    json.key("level").text(model::level_name(judged.level));
    json.key("noise").boolean(judged.noise);
    json.key("unknown").text_or_null(judged.unknown);
    json.key("text").text(budget_sentence(judged));
    json.end_object();
}

void write_figure(JsonWriter& json, const model::JudgedFigure& figure) {
    constexpr const char* kChanges[] = {"none", "noise", "lower", "higher"};
    json.begin_object();
    json.key("program").text(figure.program);
    json.key("metric").text(model::metric_name(figure.metric));
    write_values(json, "before", figure.before);
    write_values(json, "after", figure.after);
    json.key("change").text(kChanges[static_cast<size_t>(figure.comparison.change)]);
    json.key("p").seconds_or_null(figure.comparison.p);
    json.key("level").text(model::level_name(figure.level));
    json.key("text").text(figure_sentence(figure));
    json.end_object();
}

void write_process(JsonWriter& json, const model::FoundProcess& process) {
    json.begin_object();
    json.key("run").number(process.run + 1);
    json.key("program").text(process.program);
    json.key("pid").number(process.pid);
    json.key("seconds").seconds(process.seconds);
    json.key("snapshots").number(process.snapshots);
    json.key("not_scanned").text_or_null(process.not_scanned);
    json.key("dropped").number(process.dropped);
    for (const auto& [metric, value] : process.figures)
        json.key(model::metric_name(metric)).number(value);
    json.end_object();
}

}  // namespace

void write_check_json(std::ostream& out, const CheckDocument& document) {
    JsonWriter json(out);
    json.begin_object();
    json.key("schema_version").number(kSchemaVersion);
    json.key("tool_version").text(HEAPDRIFT_VERSION);
    json.key("command").text("check");
    json.key("exit_code").number(static_cast<uint64_t>(document.exit_code));
    json.key("program_exit")
        .number_or_null(document.program_exit
                            ? std::optional<uint64_t>(static_cast<uint64_t>(*document.program_exit))
                            : std::nullopt);
    json.key("verdict").text(verdict_text(document));
    json.key("baseline").text_or_null(document.has_baseline ? document.baseline_path : "");
    json.key("runs").number(document.verdict.runs);
    write_texts(json, "not_judged", gaps(document));
    json.key("leaks").begin_array();
    for (const model::JudgedLeak& leak : document.verdict.leaks) write_leak(json, document, leak);
    json.end_array();
    json.key("budgets").begin_array();
    for (const model::JudgedBudget& budget : document.verdict.budgets) write_budget(json, budget);
    json.end_array();
    json.key("figures").begin_array();
    for (const model::JudgedFigure& figure : document.verdict.figures) write_figure(json, figure);
    json.end_array();
    json.key("vanished").begin_array();
    for (const model::BaselineLeak& leak : document.verdict.vanished) write_accepted(json, leak);
    json.end_array();
    json.key("processes").begin_array();
    for (const model::FoundProcess& process : document.processes) write_process(json, process);
    json.end_array();
    json.end_object();
}

}  // namespace heapdrift::report
