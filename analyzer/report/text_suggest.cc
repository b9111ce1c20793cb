#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analyzer/report/document.h"
#include "analyzer/report/suggestions.h"
#include "analyzer/report/text_parts.h"
#include "analyzer/report/units.h"

namespace heapdrift::report {

namespace {

std::string bytes_of(double bytes) {
    return format_bytes(static_cast<uint64_t>(std::llround(std::max(0.0, bytes))));
}

std::string value_text(const model::Quantity& quantity) {
    switch (quantity.unit) {
        case model::Unit::bytes:
            return bytes_of(quantity.value);
        case model::Unit::count:
            return quantity.value == std::floor(quantity.value)
                       ? format_count(static_cast<uint64_t>(quantity.value))
                       : fmt::format("{:.1f}", quantity.value);
        case model::Unit::seconds:
            return quantity.value < 1 ? fmt::format("{:.0f} ms", 1000 * quantity.value)
                                      : format_seconds(quantity.value);
        case model::Unit::share:
            return fmt::format("{:.1f} %", 100 * quantity.value);
        case model::Unit::bytes_per_second:
            return bytes_of(quantity.value) + "/s";
        case model::Unit::score:
            return fmt::format("{:.2f}", quantity.value);
    }
    return "";
}

// As it reads: "live bytes 1.2 MiB".
std::string quantity_text(const model::Quantity& quantity) {
    std::string name = quantity.name;
    std::ranges::replace(name, '_', ' ');
    return name + " " + value_text(quantity);
}

void write_head(std::ostream& out, const SuggestDocument& document, const Palette& palette) {
    const model::Profile& profile = document.profile;
    const model::SessionInfo& session = profile.session;
    out << palette.strong(fmt::format("{} (pid {}), {}", command_line_text(session), session.pid,
                                      ending_text(session)))
        << '\n';
    write_line(out, palette, "recorded",
               fmt::format("{}, {}; {}", format_time(session.started_realtime_ns),
                           format_seconds(session.last_seconds), mode_text(session)));
    write_line(out, palette, "judged at",
               point_text(profile) + (document.filtered ? "; of what the filters keep" : ""));
    const char* name = "not judged";
    for (const model::NotJudged& rule : document.findings.left_out()) {
        write_line(out, palette, name, fmt::format("{}: {}", rule.rule, rule.reason));
        name = "";
    }
    write_losses(out, palette, profile);
}

void write_suggestion(std::ostream& out, const SuggestDocument& document, size_t index,
                      const Palette& palette, StackWriter& stacks) {
    const model::Suggestion& suggestion = document.findings.suggestions[index];
    out << fmt::format("{:>4}  ", index + 1)
        << palette.strong(fmt::format("{} [{}]: {}", model::severity_name(suggestion.severity),
                                      suggestion.rule, suggestion.finding))
        << '\n';
    std::string evidence;
    for (const model::Quantity& quantity : suggestion.evidence)
        evidence += (evidence.empty() ? "" : ", ") + quantity_text(quantity);
    out << "      evidence: " << evidence << '\n';
    if (suggestion.gain)
        out << fmt::format("      to gain:  at most {}\n", quantity_text(*suggestion.gain));
    out << "      to try:   " << suggestion.action << '\n';
    if (!suggestion.site) return;
    stacks.write(document.profile, document.site_of(suggestion));
}

}  // namespace

void write_suggest_text(std::ostream& out, const SuggestDocument& document,
                        const Palette& palette) {
    StackWriter stacks(out, palette, document.frames);
    write_head(out, document, palette);
    const size_t count = document.findings.suggestions.size();
    if (count == 0) {
        out << "\nNothing to suggest.\n";
    } else {
        out << '\n'
            << palette.strong(
                   fmt::format("Suggestions: {} of {}", shown(count, document.top), count))
            << '\n';
        for (size_t i = 0; i < shown(count, document.top); ++i)
            write_suggestion(out, document, i, palette, stacks);
        stacks.write_hint();
    }
    write_suppressions(out, palette, document.suppressions);
}

}  // namespace heapdrift::report
