// Profiles for tests of the model: stacks by name, without a session file.
#pragma once

#include <cctype>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "analyzer/model/stack_builder.h"

namespace heapdrift::testing {

class ProfileBuilder {
public:
    explicit ProfileBuilder(const std::string& build_id = "aa") {
        model::Module module;
        module.path = "/usr/bin/server";
        module.build_id = build_id;
        profile.modules.push_back(module);
    }

    // "function file:line" at each frame, innermost first; the same text is the same address.
    // A frame "+0x10" has no symbol. Inlined functions are divided by "<".
    void add(const std::vector<std::string>& frames, model::Figures figures,
             Domain domain = Domain::heap) {
        if (builder_ == nullptr) builder_ = std::make_unique<model::StackBuilder>(profile);
        std::vector<uint32_t> addresses;
        for (const std::string& frame : frames) addresses.push_back(address(frame));
        model::Site site;
        site.id = ++sites_;
        site.domain = domain;
        site.figures = figures;
        builder_->add(site, addresses);
    }
    void add(const std::vector<std::string>& frames, uint64_t bytes, uint64_t count = 1) {
        model::Figures figures;
        figures.allocations = figures.live_allocations = count;
        figures.allocated_bytes = figures.live_bytes = bytes;
        add(frames, figures);
    }

    uint64_t first_offset = 0x100;  // where code lies: differs between builds
    model::Profile profile;

private:
    uint32_t address(const std::string& frame) {
        const bool bare = frame.starts_with("+");
        uint64_t& offset = offsets_[frame];
        if (offset == 0)
            offset = bare ? std::stoull(frame.substr(1), nullptr, 16)
                          : first_offset + 0x10 * offsets_.size();
        const uint32_t number = builder_->intern_address({0, FrameKind::native, offset});
        if (number < profile.locations.size()) return number;
        profile.locations.emplace_back();
        if (bare) return number;
        std::string rest = frame;
        while (!rest.empty()) {
            const size_t end = rest.find('<');
            std::string text = rest.substr(0, end);
            rest = end == std::string::npos ? "" : rest.substr(end + 1);
            model::Location location;
            location.inlined = !rest.empty();
            const bool placed = text.find(':') != std::string::npos && std::isdigit(text.back());
            const size_t space = placed ? text.rfind(' ') : std::string::npos;
            location.function = text.substr(0, space);
            if (space != std::string::npos) {
                const size_t colon = text.rfind(':');
                location.file = text.substr(space + 1, colon - space - 1);
                location.line = static_cast<uint32_t>(std::stoul(text.substr(colon + 1)));
            }
            profile.locations.back().push_back(location);
        }
        return number;
    }

    std::unique_ptr<model::StackBuilder> builder_;
    std::map<std::string, uint64_t> offsets_;
    uint32_t sites_ = 0;
};

}  // namespace heapdrift::testing
