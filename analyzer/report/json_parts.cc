#include "analyzer/report/json_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "analyzer/model/estimate.h"
#include "analyzer/model/place.h"

namespace heapdrift::report {

namespace {

void write_file(JsonWriter& json, const model::SessionInfo& session) {
    json.begin_object();
    json.key("path").text(session.path);
    json.key("program").text(session.program);
    json.key("command_line").begin_array();
    for (const std::string& argument : session.command_line) json.text(argument);
    json.end_array();
    json.key("pid").number(session.pid);
    json.key("parent_pid").number(session.parent_pid);
    json.key("image").number(session.image);
    json.key("forked").boolean(session.forked);
    json.key("started").seconds(static_cast<double>(session.started_realtime_ns) * 1e-9);
    json.key("duration_seconds").seconds(session.last_seconds);
    json.key("ended_by").text(model::ending_name(session.ending));
    const bool has_status =
        session.ending == model::Ending::exit || session.ending == model::Ending::signal;
    json.key("exit_status");
    has_status ? json.number(session.exit_status) : json.null();
    json.key("mode").text(session.mode == Mode::sampled ? "sampled" : "exact");
    json.key("sampling_interval_bytes").number(session.sampling_interval_bytes);
    json.key("recorded_by")
        .text(session.foreign_recorder.empty() ? session.tool_version : session.foreign_recorder);
    json.end_object();
}

void write_counts(JsonWriter& json, const model::Figures& figures) {
    json.key("allocations").number(figures.allocations);
    json.key("allocated_bytes").number(figures.allocated_bytes);
    json.key("deallocations").number(figures.deallocations);
    json.key("deallocated_bytes").number(figures.deallocated_bytes);
    json.key("live_allocations").number(figures.live_allocations);
    json.key("live_bytes").number(figures.live_bytes);
    const auto if_exact = [&](uint64_t value) {
        figures.sampled ? json.null() : json.number(value);
    };
    json.key("temporary");
    if_exact(figures.temporary);
    json.key("reallocations");
    if_exact(figures.reallocations);
}

void write_totals_of(JsonWriter& json, const model::Totals& totals, bool has_peak) {
    write_counts(json, totals.figures);
    json.key("peak_live_bytes");
    has_peak ? json.number(totals.figures.peak_live_bytes) : json.null();
    // The mark is the whole heap's, and its error is not known.
    write_estimates(json, totals.figures, {model::Column::peak_live_bytes});
    json.key("sites").number(totals.sites);
    json.key("live_sites").number(totals.live_sites);
    json.key("truncated_stacks").number(totals.truncated_stacks);
    json.key("truncated_allocations").number(totals.truncated_allocations);
}

// An array of objects, one to a line. `wanted` chooses, `write` writes an object's members.
template <typename Record, typename Wanted, typename Write>
void write_lines(JsonWriter& json, const char* key, const std::vector<Record>& records,
                 Wanted wanted, Write write) {
    json.key(key).begin_array();
    for (const Record& record : records) {
        if (!wanted(record)) continue;
        json.begin_object();
        json.set_multiline(false);
        write(record);
        json.end_object();
        json.set_multiline(true);
    }
    json.end_array();
}

constexpr auto kAll = [](const auto&) { return true; };

}  // namespace

void write_head(JsonWriter& json, const char* command,
                const std::vector<const model::Profile*>& profiles) {
    json.key("schema_version").number(kSchemaVersion);
    json.key("tool_version").text(HEAPDRIFT_VERSION);
    json.key("command").text(command);
    json.key("files").begin_array();
    for (const model::Profile* profile : profiles) write_file(json, profile->session);
    json.end_array();
}

void write_suppressions(JsonWriter& json, const model::Suppressions& suppressions) {
    constexpr const char* kSources[] = {"file", "program", "built_in"};
    json.key("suppressions").begin_array();
    for (const model::SuppressionRule& rule : suppressions.rules) {
        if (!rule.told()) continue;
        json.begin_object();
        json.set_multiline(false);
        json.key("rule").text(rule.text);
        json.key("source").text(kSources[static_cast<size_t>(rule.source)]);
        json.key("origin").text(rule.origin);
        json.key("hits").number(rule.hits);
        json.key("live_bytes").number(rule.live_bytes);
        json.end_object();
        json.set_multiline(true);
    }
    json.end_array();
    json.key("suppressions_not_used").begin_array();
    for (const std::string& note : suppressions.notes) json.text(note);
    json.end_array();
}

void write_slope(JsonWriter& json, const char* key, const model::Slope& slope) {
    json.key(key).raw_value(fmt::format(R"({{"estimate": {:.3f}, "low": {:.3f}, "high": {:.3f}}})",
                                        slope.estimate, slope.low, slope.high));
}

void write_point(JsonWriter& json, const model::Profile& profile) {
    json.begin_object();
    json.key("snapshot");
    profile.at ? json.number(profile.at->number) : json.null();
    json.key("kind").text(profile.at ? model::snapshot_kind_name(profile.at->kind) : "last");
    json.key("label").text_or_null(profile.at ? profile.at->label : "");
    json.key("seconds").seconds(profile.at_seconds());
    json.end_object();
}

void write_interval(JsonWriter& json, const char* key,
                    const std::optional<model::Interval>& interval) {
    json.key(key);
    if (!interval) {
        json.null();
        return;
    }
    json.raw_value(fmt::format(R"({{"standard_error": {:.1f}, "low": {:.1f}, "high": {:.1f}}})",
                               interval->standard_error, interval->low, interval->high));
}

void write_estimates(JsonWriter& json, const model::Figures& figures,
                     const std::vector<model::Column>& unknown) {
    if (!figures.estimated()) return;
    json.key("estimates").begin_object();
    for (size_t i = 0; i < model::kColumnNames.size(); ++i) {
        const auto column = static_cast<model::Column>(i);
        if (model::known_by_sampling(column) && std::ranges::find(unknown, column) == unknown.end())
            write_interval(json, model::kColumnNames[i], model::interval_of(figures, column));
    }
    json.end_object();
}

void write_losses(JsonWriter& json, const model::Losses& losses) {
    json.begin_object();
    json.key("dropped").number(losses.dropped_total());
    json.key("dropped_by_reason").begin_object();
    for (uint32_t reason = 0; reason < kDropReasons; ++reason)
        if (losses.dropped[reason] != 0)
            json.key(drop_reason_name(reason)).number(losses.dropped[reason]);
    json.end_object();
    json.key("unknown_deallocations").number(losses.unknown_deallocations);
    json.key("missed_deallocations").number(losses.missed_deallocations);
    json.key("snapshots_refused").number(losses.snapshots_refused);
    json.key("unfinished_sites").number(losses.unfinished_sites);
    json.key("missing_file_bytes").number(losses.missing_file_bytes);
    json.key("damaged_records").number(losses.damaged_records);
    json.key("recording_stopped").text_or_null(losses.stop_reason);
    json.key("confined").boolean(losses.confined);
    json.end_object();
}

void write_figures(JsonWriter& json, const model::Figures& figures) {
    write_counts(json, figures);
    json.key("peak_live_bytes").number(figures.peak_live_bytes);
    write_estimates(json, figures);
}

void write_totals(JsonWriter& json, const model::Profile& profile) {
    // Of other tools only heaptrack's recordings tell the mark, and when it was.
    const bool has_peak =
        profile.session.foreign_recorder.empty() || profile.peak_seconds.has_value();
    json.key("totals").begin_object();
    write_totals_of(json, model::totals(profile), has_peak);
    json.key("peak_seconds").seconds_or_null(profile.peak_seconds);
    json.key("peak_slack_bytes").number(profile.balance_slack_bytes);
    json.key("dropped").number(profile.losses.dropped_total());
    json.key("unsymbolized_addresses").number(model::unsymbolized_addresses(profile));
    json.key("own_bytes").number(profile.own_bytes);
    json.end_object();
    json.key("domains").begin_object();
    for (uint32_t i = 0; i < kDomainCount; ++i) {
        const auto domain = static_cast<Domain>(i);
        const model::Totals totals = model::domain_totals(profile, domain);
        if (totals.sites == 0 && domain != Domain::heap) continue;
        json.key(domain_name(domain)).begin_object();
        write_totals_of(json, totals, domain == Domain::heap && has_peak);
        json.end_object();
    }
    json.end_object();
    json.key("losses");
    write_losses(json, profile.losses);
}

void write_snapshots(JsonWriter& json, const model::Profile& profile) {
    write_lines(
        json, "snapshots", profile.snapshots, kAll, [&](const model::SnapshotInfo& snapshot) {
            json.key("snapshot").number(snapshot.number);
            json.key("kind").text(model::snapshot_kind_name(snapshot.kind));
            json.key("label").text_or_null(snapshot.label);
            json.key("seconds").seconds(snapshot.seconds);
            json.key("generation").number(snapshot.generation);
            json.key("idle").boolean(snapshot.idle);
            json.key("cost_seconds").raw_value(fmt::format("{:.9f}", snapshot.cost_seconds));
            json.key("peak_live_bytes").number(snapshot.peak_live_bytes);
            json.key("rss_anon_bytes").number_or_null(snapshot.rss_anon_bytes);
            json.key("rss_file_bytes").number_or_null(snapshot.rss_file_bytes);
            json.key("rss_shmem_bytes").number_or_null(snapshot.rss_shmem_bytes);
            json.key("swap_bytes").number_or_null(snapshot.swap_bytes);
            json.key("cgroup_current_bytes").number_or_null(snapshot.cgroup_current_bytes);
            json.key("cgroup_limit_bytes").number_or_null(snapshot.cgroup_limit_bytes);
            json.key("memory_pressure_percent")
                .raw_value(fmt::format("{:.2f}", snapshot.pressure_some_avg10 / 100.0));
        });
}

void write_modules(JsonWriter& json, const model::Profile& profile) {
    write_lines(
        json, "modules", profile.modules,
        [](const model::Module& module) { return !module.path.empty(); },
        [&](const model::Module& module) {
            json.key("path").text(module.path);
            json.key("build_id").text_or_null(module.build_id);
            json.key("start").number(module.start);
            json.key("end").number(module.end);
            json.key("load_bias").number(module.load_bias);
            json.key("loaded_seconds").seconds(static_cast<double>(module.loaded_ns) * 1e-9);
            json.key("unloaded_seconds");
            module.unloaded_ns == 0 ? json.null()
                                    : json.seconds(static_cast<double>(module.unloaded_ns) * 1e-9);
        });
}

void write_threads(JsonWriter& json, const model::Profile& profile) {
    write_lines(json, "threads", profile.threads, kAll, [&](const model::Thread& thread) {
        json.key("tid").number(thread.tid);
        json.key("name").text_or_null(thread.name);
        json.key("started_seconds").seconds(thread.started_seconds);
        json.key("ended_seconds").seconds_or_null(thread.ended_seconds);
        json.key("allocations").number(thread.allocations);
        json.key("allocated_bytes").number(thread.allocated_bytes);
        json.key("deallocations").number(thread.deallocations);
    });
}

const std::vector<std::string>& FrameTexts::of_address(uint32_t address) {
    std::vector<std::string>& texts = texts_[address];
    if (!texts.empty()) return texts;
    const auto or_null = [](const std::string& text) {
        return text.empty() ? std::string("null") : json_string(text);
    };
    for (const model::Frame& frame : model::frames_of_address(profile_, address))
        texts.push_back(fmt::format(
            R"({{"function": {}, "file": {}, "line": {}, "module": {}, "module_offset": {}, )"
            R"("inlined": {}}})",
            or_null(frame.function), or_null(frame.file),
            frame.line == 0 ? std::string("null") : fmt::format("{}", frame.line),
            or_null(frame.module), frame.module_offset, frame.inlined));
    return texts;
}

std::string FrameTexts::stack(const model::Site& site, size_t limit) {
    std::string json = "[";
    size_t count = 0;
    for (const uint32_t address : profile_.frames_of(site)) {
        for (const std::string& text : of_address(address)) {
            if (limit != 0 && count == limit) break;
            json += count++ == 0 ? "\n   " : ",\n   ";
            json += text;
        }
    }
    return json + "]";
}

}  // namespace heapdrift::report
