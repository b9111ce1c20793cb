// Parts that the JSON of several commands has in common. The names are those of schema/*.json;
// adding one is free, a changed meaning raises kSchemaVersion.
#pragma once

#include <string>
#include <vector>

#include "analyzer/model/estimate.h"
#include "analyzer/model/profile.h"
#include "analyzer/model/statistics.h"
#include "analyzer/model/suppression.h"
#include "analyzer/report/json_writer.h"

namespace heapdrift::report {

inline constexpr unsigned kSchemaVersion = 1;

// Standard error and 95 % interval of each figure but the unknown ones; nothing of exact figures.
void write_estimates(JsonWriter& json, const model::Figures& figures,
                     const std::vector<model::Column>& unknown = {});
void write_interval(JsonWriter& json, const char* key,
                    const std::optional<model::Interval>& interval);
// schema_version, tool_version, command, files: the head of every document.
void write_head(JsonWriter& json, const char* command,
                const std::vector<const model::Profile*>& profiles);
// Each rule that is told with its hits, and what could not be read.
void write_suppressions(JsonWriter& json, const model::Suppressions& suppressions);
void write_slope(JsonWriter& json, const char* key, const model::Slope& slope);
void write_point(JsonWriter& json, const model::Profile& profile);
void write_losses(JsonWriter& json, const model::Losses& losses);
void write_figures(JsonWriter& json, const model::Figures& figures);
void write_totals(JsonWriter& json, const model::Profile& profile);  // "totals" and "domains"
void write_snapshots(JsonWriter& json, const model::Profile& profile);
void write_modules(JsonWriter& json, const model::Profile& profile);
void write_threads(JsonWriter& json, const model::Profile& profile);

// The JSON of each address's frames, made when it is first asked for: stacks share addresses.
class FrameTexts {
public:
    explicit FrameTexts(const model::Profile& profile)
        : profile_(profile), texts_(profile.addresses.size()) {}
    // "[...]", innermost first; at most `limit` frames, 0 for all.
    std::string stack(const model::Site& site, size_t limit);

private:
    const std::vector<std::string>& of_address(uint32_t address);

    const model::Profile& profile_;
    std::vector<std::vector<std::string>> texts_;
};

}  // namespace heapdrift::report
