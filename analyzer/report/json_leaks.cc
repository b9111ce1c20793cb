#include <fmt/format.h>

#include "analyzer/report/json.h"
#include "analyzer/report/json_parts.h"

namespace heapdrift::report {

namespace {

void write_evidence(JsonWriter& json, const std::vector<model::Evidence>& evidence) {
    json.key("evidence").begin_array();
    for (const model::Evidence& item : evidence)
        json.raw_value(
            fmt::format(R"({{"name": {}, "value": {:.4f}, "weight": {:.2f}, "text": {}}})",
                        json_string(item.name), item.value, item.weight, json_string(item.text)));
    json.end_array();
}

void write_lifetimes(JsonWriter& json, const model::Lifetimes& lifetimes) {
    const auto& born = lifetimes.born;
    json.key("lifetimes")
        .raw_value(fmt::format(
            R"({{"freed": {:.0f}, "intervals_50": {:.2f}, "intervals_95": {:.2f}, )"
            R"("intervals_100": {:.2f}, "live_by_quarter": [{:.0f}, {:.0f}, {:.0f}, {:.0f}]}})",
            lifetimes.freed, lifetimes.half, lifetimes.most, lifetimes.longest, born[0], born[1],
            born[2], born[3]));
}

void write_leak(JsonWriter& json, const LeaksDocument& document, size_t index, FrameTexts& frames) {
    const model::LeakScore& leak = document.leaks[index];
    const model::Site& site = document.site_of(leak);
    json.begin_object();
    json.key("rank").number(index + 1);
    json.key("site").number(site.id);
    json.key("domain").text(domain_name(site.domain));
    json.key("score").raw_value(fmt::format("{:.3f}", leak.score));
    json.key("verdict").text(model::verdict_name(leak.verdict()));
    json.key("kind").text(model::leak_kind_name(leak.kind));
    json.key("live_bytes").number(site.figures.live_bytes);
    json.key("live_allocations").number(site.figures.live_allocations);
    write_slope(json, "growth_bytes_per_second", leak.bytes_per_second);
    write_slope(json, "growth_bytes_per_snapshot", leak.bytes_per_snapshot);
    json.key("reading").text(leak.reading);
    write_evidence(json, leak.evidence);
    write_lifetimes(json, leak.lifetimes);
    json.key("frames").raw_value(frames.stack(site, document.frames));
    json.end_object();
}

}  // namespace

void write_leaks_json(std::ostream& out, const LeaksDocument& document) {
    JsonWriter json(out);
    json.begin_object();
    write_head(json, "leaks", {&document.profile});
    json.key("at");
    write_point(json, document.profile);
    json.key("filtered").boolean(document.filtered);
    json.key("snapshots_judged").number(document.history.points.size());
    json.key("enough_snapshots").boolean(document.history.points.size() >= model::kEnoughSnapshots);
    json.key("not_known").begin_array();
    for (const char* sign : document.unknown_signs()) json.text(sign);
    json.end_array();
    json.key("min_score").raw_value(fmt::format("{:.3f}", document.least_score));
    json.key("leak_count").number(document.leaks.size());
    json.key("ignored").begin_object();
    json.key("sites").number(document.ignored.sites);
    json.key("live_allocations").number(document.ignored.live_allocations);
    json.key("live_bytes").number(document.ignored.live_bytes);
    json.end_object();
    write_suppressions(json, document.suppressions);
    json.key("losses");
    write_losses(json, document.profile.losses);
    json.key("leaks").begin_array();
    FrameTexts frames(document.profile);
    for (size_t i = 0; i < document.leaks.size(); ++i)
        if (document.is_shown(i)) write_leak(json, document, i, frames);
    json.end_array();
    json.end_object();
    out << '\n';
}

}  // namespace heapdrift::report
