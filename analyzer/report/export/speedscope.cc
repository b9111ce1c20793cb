#include "analyzer/report/export/speedscope.h"

#include <fmt/format.h>

#include <array>

#include "analyzer/report/export/frame_numbers.h"
#include "analyzer/report/json_writer.h"

namespace heapdrift::report {

namespace {

struct Metric {
    model::Column column;
    const char* name;
    const char* unit;
};
// The first is the one that speedscope opens with.
constexpr std::array<Metric, 5> kMetrics = {{
    {model::Column::live_bytes, "live bytes", "bytes"},
    {model::Column::live_allocations, "live allocations", "none"},
    {model::Column::peak_live_bytes, "live bytes at the high-water mark", "bytes"},
    {model::Column::allocated_bytes, "allocated bytes", "bytes"},
    {model::Column::allocations, "allocations", "none"},
}};

// The texts of frames are their JSON.
std::string frame_json(const model::Frame& frame, const model::CodeAddress*) {
    std::string json = fmt::format(R"({{"name": {})", json_string(function_or_place(frame)));
    if (!frame.file.empty()) json += fmt::format(R"(, "file": {})", json_string(frame.file));
    if (frame.line != 0) json += fmt::format(R"(, "line": {})", frame.line);
    return json + "}";
}

struct Weighted {
    std::string name;
    const char* unit;
    StackSums<uint64_t> sums;
};

void write_profile(JsonWriter& json, const Weighted& profile) {
    uint64_t total = 0;
    for (const auto& [stack, weight] : profile.sums) total += weight;
    json.begin_object();
    json.key("type").text("sampled");
    json.key("name").text(profile.name);
    json.key("unit").text(profile.unit);
    json.key("startValue").number(0);
    json.key("endValue").number(total);
    json.key("samples").begin_array();
    for (const auto& [stack, weight] : profile.sums) {
        std::string numbers = "[";
        for (size_t i = stack.size(); i-- > 0;)
            numbers += fmt::format("{}{}", stack[i], i == 0 ? "" : ",");
        json.raw_value(numbers + "]");
    }
    json.end_array();
    json.key("weights").begin_array();
    for (const auto& [stack, weight] : profile.sums) json.number(weight);
    json.end_array();
    json.end_object();
}

void write_file(std::ostream& out, const std::string& name, const TextTable& frames,
                const std::vector<Weighted>& profiles) {
    JsonWriter json(out);
    json.begin_object();
    json.key("$schema").text("https://www.speedscope.app/file-format-schema.json");
    json.key("exporter").text("heapdrift@" HEAPDRIFT_VERSION);
    json.key("name").text(name);
    json.key("activeProfileIndex").number(0);
    json.key("shared").begin_object();
    json.key("frames").begin_array();
    for (uint32_t i = 0; i < frames.size(); ++i) json.raw_value(frames.text(i));
    json.end_array();
    json.end_object();
    json.key("profiles").begin_array();
    for (const Weighted& profile : profiles) write_profile(json, profile);
    json.end_array();
    json.end_object();
}

std::string full_name(const std::string& name, Domain domain, bool estimated) {
    return fmt::format("{}{}{}",
                       domain == Domain::heap ? "" : domain_name(domain) + std::string(": "), name,
                       estimated && domain_sampled(domain) ? " (estimated)" : "");
}

}  // namespace

void write_speedscope(std::ostream& out, const ExportDocument& document) {
    TextTable texts;
    FrameNumbers frames(document.profile, texts, frame_json);
    std::vector<NumberedStack> stacks;
    std::array<bool, kDomainCount> has_sites{};
    for (const model::Site& site : document.profile.sites) {
        stacks.push_back(frames.stack(site));
        has_sites[static_cast<size_t>(site.domain)] = true;
    }
    std::vector<Weighted> profiles;
    for (uint32_t number = 0; number < kDomainCount; ++number) {
        if (!has_sites[number]) continue;
        const auto domain = static_cast<Domain>(number);
        for (const Metric& metric : kMetrics) {
            Weighted profile{
                full_name(metric.name, domain, is_estimate(document.profile)), metric.unit, {}};
            for (size_t i = 0; i < stacks.size(); ++i) {
                const model::Site& site = document.profile.sites[i];
                const uint64_t weight = model::value(site.figures, metric.column);
                if (site.domain == domain && weight != 0) profile.sums[stacks[i]] += weight;
            }
            if (!profile.sums.empty()) profiles.push_back(std::move(profile));
        }
    }
    // The schema wants one at least.
    if (profiles.empty()) profiles.push_back({kMetrics[0].name, kMetrics[0].unit, {}});
    write_file(out, model::started_name(document.profile.session), texts, profiles);
}

void write_speedscope_diff(std::ostream& out, const DiffDocument& document) {
    TextTable texts;
    FrameNumbers old_frames(document.old_profile, texts, frame_json);
    FrameNumbers new_frames(document.new_profile, texts, frame_json);
    const bool estimated = is_estimate(document.old_profile) || is_estimate(document.new_profile);
    std::vector<Weighted> profiles;
    for (const Metric& metric : {kMetrics[0], kMetrics[1]}) {
        Weighted grown{full_name(fmt::format("{}: grown", metric.name), Domain::heap, estimated),
                       metric.unit,
                       {}};
        Weighted shrunk{full_name(fmt::format("{}: shrunk", metric.name), Domain::heap, estimated),
                        metric.unit,
                        {}};
        for (const model::DiffRow& row : document.rows) {
            const int64_t delta = row.delta(metric.column);
            if (!row.site || delta == 0) continue;
            const model::Profile& side = document.side_of(row);
            FrameNumbers& frames = &side == &document.old_profile ? old_frames : new_frames;
            const NumberedStack stack = frames.stack(side.sites[*row.site]);
            if (delta > 0)
                grown.sums[stack] += static_cast<uint64_t>(delta);
            else
                shrunk.sums[stack] += static_cast<uint64_t>(-delta);
        }
        profiles.push_back(std::move(grown));
        profiles.push_back(std::move(shrunk));
    }
    write_file(out,
               fmt::format("{}: what changed", model::started_name(document.new_profile.session)),
               texts, profiles);
}

}  // namespace heapdrift::report
