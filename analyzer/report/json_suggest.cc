#include <fmt/format.h>

#include "analyzer/report/document.h"
#include "analyzer/report/json_parts.h"
#include "analyzer/report/suggestions.h"

namespace heapdrift::report {

namespace {

std::string quantity_json(const model::Quantity& quantity) {
    return fmt::format(R"({{"name": "{}", "value": {:.6f}, "unit": "{}"}})", quantity.name,
                       quantity.value, model::unit_name(quantity.unit));
}

void write_suggestion(JsonWriter& json, const SuggestDocument& document,
                      const model::Suggestion& suggestion, FrameTexts& frames) {
    json.begin_object();
    json.key("rule").text(suggestion.rule);
    json.key("severity").text(model::severity_name(suggestion.severity));
    json.key("finding").text(suggestion.finding);
    json.key("evidence").begin_array();
    for (const model::Quantity& quantity : suggestion.evidence)
        json.raw_value(quantity_json(quantity));
    json.end_array();
    json.key("gain");
    if (suggestion.gain)
        json.raw_value(quantity_json(*suggestion.gain));
    else
        json.null();
    json.key("action").text(suggestion.action);
    json.key("site");
    if (suggestion.site) {
        json.number(*suggestion.site);
        json.key("frames").raw_value(frames.stack(document.site_of(suggestion), document.frames));
    } else {
        json.null();
        json.key("frames").begin_array().end_array();
    }
    json.end_object();
}

}  // namespace

void write_suggest_json(std::ostream& out, const SuggestDocument& document) {
    const auto& suggestions = document.findings.suggestions;
    JsonWriter json(out);
    json.begin_object();
    write_head(json, "suggest", {&document.profile});
    json.key("at");
    write_point(json, document.profile);
    json.key("filtered").boolean(document.filtered);
    json.key("not_judged").begin_array();
    for (const model::NotJudged& rule : document.findings.left_out())
        json.raw_value(
            fmt::format(R"({{"rule": "{}", "reason": {}}})", rule.rule, json_string(rule.reason)));
    json.end_array();
    write_suppressions(json, document.suppressions);
    json.key("losses");
    write_losses(json, document.profile.losses);
    json.key("suggestion_count").number(suggestions.size());
    json.key("suggestions").begin_array();
    FrameTexts frames(document.profile);
    for (size_t i = 0; i < shown(suggestions.size(), document.top); ++i)
        write_suggestion(json, document, suggestions[i], frames);
    json.end_array();
    json.end_object();
    out << '\n';
}

}  // namespace heapdrift::report
