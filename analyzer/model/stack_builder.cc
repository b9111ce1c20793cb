#include "analyzer/model/stack_builder.h"

#include <algorithm>
#include <string>

namespace heapdrift::model {

namespace {

size_t mix(size_t hash, uint64_t value) {
    hash ^= value + 0x9e3779b97f4a7c15u + (hash << 6) + (hash >> 2);
    return hash * 0xff51afd7ed558ccdu;
}

}  // namespace

size_t StackBuilder::AddressHash::operator()(const CodeAddress& address) const {
    return mix(mix(address.module, static_cast<uint64_t>(address.kind)), address.offset);
}

StackBuilder::StackBuilder(Profile& profile) : profile_(profile) {
    std::unordered_map<std::string, uint32_t> first;
    for (uint32_t i = 0; i < profile.modules.size(); ++i) {
        const Module& module = profile.modules[i];
        // Only what has a path was finished; the others are each their own.
        const std::string identity = module.path.empty()       ? "?" + std::to_string(i)
                                     : module.build_id.empty() ? "p" + module.path
                                                               : "b" + module.build_id;
        canonical_.push_back(first.emplace(identity, i).first->second);
    }
}

uint32_t StackBuilder::intern_address(CodeAddress address) {
    if (address.module < canonical_.size()) address.module = canonical_[address.module];
    const auto [entry, added] =
        addresses_.emplace(address, static_cast<uint32_t>(profile_.addresses.size()));
    if (added) profile_.addresses.push_back(address);
    return entry->second;
}

uint32_t StackBuilder::add(Site site, const std::vector<uint32_t>& frames) {
    size_t hash = mix(static_cast<size_t>(site.domain), static_cast<uint64_t>(site.end));
    hash = mix(hash, site.ignored);
    for (const uint32_t frame : frames) hash = mix(hash, frame);
    const auto [begin, end] = sites_.equal_range(hash);
    for (auto candidate = begin; candidate != end; ++candidate) {
        Site& known = profile_.sites[candidate->second];
        if (known.domain == site.domain && known.end == site.end && known.ignored == site.ignored &&
            std::ranges::equal(profile_.frames_of(known), frames)) {
            known.id = std::min(known.id, site.id);
            known.figures += site.figures;
            return candidate->second;
        }
    }
    site.first_frame = static_cast<uint32_t>(profile_.frames.size());
    site.frame_count = static_cast<uint32_t>(frames.size());
    profile_.frames.insert(profile_.frames.end(), frames.begin(), frames.end());
    const auto index = static_cast<uint32_t>(profile_.sites.size());
    sites_.emplace(hash, index);
    profile_.sites.push_back(site);
    return index;
}

}  // namespace heapdrift::model
