#include "analyzer/report/gate/source_places.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <filesystem>

#include "analyzer/model/allocator_wrapper.h"

namespace heapdrift::report {

SourcePlaces::SourcePlaces(std::string root, std::vector<std::string> own_files)
    : root_(std::filesystem::path(root).lexically_normal().string()),
      own_files_(std::move(own_files)) {
    while (root_.size() > 1 && root_.ends_with('/')) root_.pop_back();
}

std::optional<SourcePlace> SourcePlaces::of(const model::Frame& frame) const {
    if (frame.file.empty()) return std::nullopt;
    SourcePlace place;
    place.file = std::filesystem::path(frame.file).lexically_normal().string();
    place.line = frame.line;
    const std::string below = root_ == "/" ? root_ : root_ + "/";
    const bool inside = !root_.empty() && place.file.starts_with(below);
    if (inside) place.file = place.file.substr(below.size());
    // Distributions compile their libraries with relative names, which are none of the project's.
    const bool of_system = frame.module.starts_with("/usr/") || frame.module.starts_with("/lib");
    place.in_project =
        (inside || (!place.file.starts_with('/') && !of_system)) &&
        (own_files_.empty() || std::ranges::any_of(own_files_, [&](const std::string& pattern) {
             return fnmatch(pattern.c_str(), place.file.c_str(), 0) == 0;
         }));
    return place;
}

size_t SourcePlaces::frame_to_show(const std::vector<model::Frame>& stack) const {
    std::optional<size_t> of_source;
    std::optional<size_t> of_any;
    for (size_t i = 0; i < stack.size(); ++i) {
        if (model::is_allocator_wrapper(stack[i].function)) continue;
        const std::optional<SourcePlace> place = of(stack[i]);
        if (place && place->in_project) return i;
        if (place && !of_source) of_source = i;
        if (!of_any) of_any = i;
    }
    return of_source.value_or(of_any.value_or(0));
}

std::string function_text(const model::Frame& frame) {
    const std::string module = model::base_name(frame.module);
    if (!frame.function.empty()) return frame.function;
    return module.empty() ? fmt::format("{:#x}", frame.module_offset)
                          : fmt::format("{}+{:#x}", module, frame.module_offset);
}

}  // namespace heapdrift::report
