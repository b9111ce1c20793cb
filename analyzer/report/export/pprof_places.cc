#include "analyzer/report/export/pprof_places.h"

#include <fmt/format.h>

#include "analyzer/report/json_writer.h"

namespace heapdrift::report::pprof {

int64_t Places::text(const std::string& text) {
    return texts_.number(valid_utf8(text));
}

std::vector<uint64_t> Places::stack(const model::Profile& profile, const model::Site& site) {
    std::vector<uint64_t>& known = ids_of_addresses_[&profile];
    known.resize(profile.addresses.size());
    std::vector<uint64_t> ids;
    for (const uint32_t number : profile.frames_of(site)) {
        if (known[number] == 0) known[number] = location(profile, number);
        ids.push_back(known[number]);
    }
    if (site.end != StackEnd::complete)
        ids.push_back(marker(fmt::format("[truncated: {}]", stack_end_name(site.end))));
    else if (ids.empty())
        ids.push_back(marker("[no call stack]"));
    return ids;
}

uint64_t Places::location(const model::Profile& profile, uint32_t number) {
    const model::CodeAddress& code = profile.addresses[number];
    CodeLocation location;
    // As the format wants it: inside the call, not behind it.
    location.address = layout_.address(profile, code) - (code.offset - code.lookup_offset());
    if (code.module < profile.modules.size())
        if (const auto* range = layout_.range_of(profile.modules[code.module]))
            location.mapping = static_cast<uint64_t>(range - layout_.ranges().data()) + 1;
    const auto [entry, added] = location_ids_.emplace(
        std::tuple(location.mapping, location.address, code.kind), locations_.size() + 1);
    if (!added) return entry->second;
    known_.resize(layout_.ranges().size() + 1);
    Known& known = known_[location.mapping];
    for (const model::Frame& frame : model::frames_of_address(profile, number)) {
        if (frame.function.empty()) continue;
        location.lines.push_back({function(frame.function, frame.file), frame.line});
        known.functions = true;
        known.files = known.files || !frame.file.empty();
        known.lines = known.lines || frame.line != 0;
        known.inlined = known.inlined || frame.inlined;
    }
    locations_.push_back(std::move(location));
    return entry->second;
}

uint64_t Places::marker(const std::string& name) {
    const auto [entry, added] = marker_ids_.emplace(name, locations_.size() + 1);
    if (added) locations_.push_back({0, 0, {{function(name, ""), 0}}});
    return entry->second;
}

uint64_t Places::function(const std::string& name, const std::string& file) {
    const std::pair<int64_t, int64_t> key(text(name), text(file));
    const auto [entry, added] = function_ids_.emplace(key, functions_.size() + 1);
    if (added) functions_.push_back({key.first, key.second});
    return entry->second;
}

void Places::write_mappings(ProfileBuilder& out) {
    known_.resize(layout_.ranges().size() + 1);
    for (uint64_t id = 1; id <= layout_.ranges().size(); ++id) {
        const ModuleLayout::Range& range = layout_.ranges()[id - 1];
        // Nearly all modules have one segment of code; a mapping of pprof is one.
        const model::CodeSegment& code = range.code.front();
        protozero::pbf_builder<Mapping> mapping(out, Profile::mapping);
        mapping.add_uint64(Mapping::id, id);
        mapping.add_uint64(Mapping::memory_start, range.load_bias + code.start);
        mapping.add_uint64(Mapping::memory_limit, range.load_bias + code.end);
        mapping.add_uint64(Mapping::file_offset, code.file_offset);
        mapping.add_int64(Mapping::filename, text(range.module->path));
        mapping.add_int64(Mapping::build_id, text(range.module->build_id));
        mapping.add_bool(Mapping::has_functions, known_[id].functions);
        mapping.add_bool(Mapping::has_filenames, known_[id].files);
        mapping.add_bool(Mapping::has_line_numbers, known_[id].lines);
        mapping.add_bool(Mapping::has_inline_frames, known_[id].inlined);
    }
}

void Places::write(ProfileBuilder& out) {
    write_mappings(out);
    for (uint64_t id = 1; id <= locations_.size(); ++id) {
        const CodeLocation& known = locations_[id - 1];
        protozero::pbf_builder<Location> location(out, Profile::location);
        location.add_uint64(Location::id, id);
        if (known.mapping != 0) location.add_uint64(Location::mapping_id, known.mapping);
        location.add_uint64(Location::address, known.address);
        for (const SourceLine& each : known.lines) {
            protozero::pbf_builder<Line> line(location, Location::line);
            line.add_uint64(Line::function_id, each.function);
            line.add_int64(Line::line, each.line);
        }
    }
    for (uint64_t id = 1; id <= functions_.size(); ++id) {
        protozero::pbf_builder<Function> function(out, Profile::function);
        function.add_uint64(Function::id, id);
        function.add_int64(Function::name, functions_[id - 1].name);
        function.add_int64(Function::system_name, functions_[id - 1].name);
        function.add_int64(Function::filename, functions_[id - 1].file);
    }
    for (uint32_t i = 0; i < texts_.size(); ++i)
        out.add_string(Profile::string_table, texts_.text(i));
}

}  // namespace heapdrift::report::pprof
