#include "analyzer/model/place.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "analyzer/model/allocator_wrapper.h"

namespace heapdrift::model {

namespace {

constexpr const char* kNoFrames = "[no call stack]";

std::string offset_text(const Frame& frame, const std::string& module) {
    return module.empty() ? fmt::format("{:#x}", frame.module_offset)
                          : fmt::format("{}+{:#x}", module, frame.module_offset);
}

std::string offset_key(const Frame& frame) {
    return offset_text(frame, base_name(frame.module));
}

std::string frame_text(const Frame& frame, const std::string& module) {
    std::string text = frame.function.empty() ? offset_text(frame, module) : frame.function;
    if (!frame.file.empty()) {
        text += " at " + frame.file;
        if (frame.line != 0) text += fmt::format(":{}", frame.line);
    } else if (!frame.function.empty() && !module.empty()) {
        text += fmt::format(" in {}", module);
    }
    if (frame.inlined) text += " (inlined)";
    return text;
}

}  // namespace

std::vector<Frame> frames_of_address(const Profile& profile, uint32_t address) {
    const CodeAddress& code = profile.addresses[address];
    Frame frame;
    if (code.module < profile.modules.size()) frame.module = profile.modules[code.module].path;
    frame.module_offset = code.offset;
    if (code.kind == FrameKind::label) frame.function = fmt::format("[label {}]", code.offset);
    std::vector<Frame> frames;
    if (address < profile.locations.size()) {
        for (const Location& location : profile.locations[address]) {
            frame.function = location.function;
            frame.file = location.file;
            frame.line = location.line;
            frame.inlined = location.inlined;
            frames.push_back(frame);
        }
    }
    if (frames.empty()) frames.push_back(frame);
    return frames;
}

std::vector<Frame> frames_of_site(const Profile& profile, const Site& site) {
    std::vector<Frame> frames;
    for (const uint32_t address : profile.frames_of(site))
        for (Frame& frame : frames_of_address(profile, address)) frames.push_back(std::move(frame));
    return frames;
}

std::string frame_text(const Frame& frame) {
    return frame_text(frame, base_name(frame.module));
}

std::string frame_text(const Profile& profile, const Frame& frame) {
    const bool own = !frame.module.empty() && frame.module == profile.session.program;
    return frame_text(frame, own ? started_name(profile.session) : base_name(frame.module));
}

std::string place_key(const Frame& frame, GroupBy group_by) {
    switch (group_by) {
        case GroupBy::lineno:
            if (!frame.file.empty() && frame.line != 0)
                return fmt::format("{}:{}", frame.file, frame.line);
            return frame.function.empty() ? offset_key(frame) : place_key(frame, GroupBy::function);
        case GroupBy::filename:
            if (!frame.file.empty()) return frame.file;
            return place_key(frame, GroupBy::module);
        case GroupBy::function:
            return frame.function.empty() ? offset_key(frame) : frame.function;
        default:
            break;
    }
    return frame.module.empty() ? "[no module]" : frame.module;
}

PlaceIndex::PlaceIndex(const Profile& profile, GroupBy group_by) : profile_(profile) {
    keys_.push_back(kNoFrames);
    std::unordered_map<std::string, uint32_t> numbers;
    by_address_.resize(profile.addresses.size());
    for (uint32_t address = 0; address < profile.addresses.size(); ++address) {
        AddressPlaces& of_address = by_address_[address];
        of_address.first = static_cast<uint32_t>(places_.size());
        for (const Frame& frame : frames_of_address(profile, address)) {
            std::string key = place_key(frame, group_by);
            const auto [entry, added] =
                numbers.emplace(std::move(key), static_cast<uint32_t>(keys_.size()));
            if (added) keys_.push_back(entry->first);
            places_.push_back(entry->second);
            ++of_address.count;
            if (!of_address.allocating && !is_allocator_wrapper(frame.function))
                of_address.allocating = entry->second;
        }
    }
}

void PlaceIndex::places_of(const Site& site, bool cumulative, std::vector<uint32_t>& places) const {
    places.clear();
    const std::span<const uint32_t> frames = profile_.frames_of(site);
    if (frames.empty()) {
        places.push_back(0);
        return;
    }
    if (!cumulative) {
        for (const uint32_t address : frames) {
            if (by_address_[address].allocating) {
                places.push_back(*by_address_[address].allocating);
                return;
            }
        }
        places.push_back(places_[by_address_[frames.front()].first]);
        return;
    }
    for (const uint32_t address : frames) {
        const AddressPlaces& of_address = by_address_[address];
        for (uint32_t i = 0; i < of_address.count; ++i)
            places.push_back(places_[of_address.first + i]);
    }
    std::ranges::sort(places);
    places.erase(std::unique(places.begin(), places.end()), places.end());
}

}  // namespace heapdrift::model
