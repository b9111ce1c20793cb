#include "analyzer/report/export/module_layout.h"

#include <algorithm>

namespace heapdrift::report {

namespace {

// Between modules that were moved, so that an address one past an end lies in none.
constexpr uint64_t kGap = 0x10000;

std::string identity(const model::Module& module) {
    return module.build_id.empty() ? "p" + module.path : "b" + module.build_id;
}

}  // namespace

void ModuleLayout::add(const ExportDocument& document) {
    const model::Profile& profile = document.profile;
    for (const bool program : {true, false}) {
        for (size_t i = 0; i < profile.modules.size(); ++i) {
            const model::Module& module = profile.modules[i];
            if ((module.path == profile.session.program) == program)
                add(module, i < document.code.size() ? document.code[i]
                                                     : std::vector<model::CodeSegment>());
        }
    }
}

void ModuleLayout::add(const model::Module& module, std::vector<model::CodeSegment> code) {
    if (module.path.empty() || module.end <= module.start) return;
    if (!by_identity_.emplace(identity(module), ranges_.size()).second) return;
    if (code.empty())
        code.push_back({module.start - module.load_bias, module.end - module.load_bias, 0});
    Range range{&module, module.start, module.end, module.load_bias, std::move(code)};
    const bool taken = std::ranges::any_of(ranges_, [&](const Range& other) {
        return range.start < other.end && other.start < range.end;
    });
    if (taken) {
        uint64_t last = 0;
        for (const Range& other : ranges_) last = std::max(last, other.end);
        const uint64_t start = (last + 2 * kGap - 1) / kGap * kGap;
        range.end = start + (module.end - module.start);
        range.load_bias += start - module.start;
        range.start = start;
    }
    ranges_.push_back(std::move(range));
}

const ModuleLayout::Range* ModuleLayout::range_of(const model::Module& module) const {
    const auto found = by_identity_.find(identity(module));
    return found == by_identity_.end() ? nullptr : &ranges_[found->second];
}

uint64_t ModuleLayout::address(const model::Profile& profile,
                               const model::CodeAddress& code) const {
    if (code.module >= profile.modules.size()) return code.offset;
    const Range* range = range_of(profile.modules[code.module]);
    return range == nullptr ? code.offset : range->load_bias + code.offset;
}

}  // namespace heapdrift::report
