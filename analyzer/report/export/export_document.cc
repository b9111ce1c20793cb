#include "analyzer/report/export/export_document.h"

#include <fmt/format.h>

namespace heapdrift::report {

std::string origin(const model::Profile& profile) {
    const std::string& foreign = profile.session.foreign_recorder;
    return "recorded by " + (foreign.empty() ? "heapdrift" : foreign);
}

std::string remarks(const model::Profile& profile) {
    std::string text;
    if (is_estimate(profile)) text += ", sampled: all figures are estimates";
    if (const uint64_t dropped = profile.losses.dropped_total(); dropped != 0)
        text += fmt::format(", {} operations were not recorded", dropped);
    return text;
}

}  // namespace heapdrift::report
