// Collects sites into a profile, adding together those whose stacks are equal in (module
// identity, module offset), but for those that the program ignores: the recorder numbers a stack
// anew after its library was reloaded and inside each mark, and two threads may number one twice.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "analyzer/model/profile.h"

namespace heapdrift::model {

class StackBuilder {
public:
    // profile.modules must be complete; it must outlive the builder.
    explicit StackBuilder(Profile& profile);

    // Index of the address in profile.addresses. Modules of one identity (build-id, or path where
    // there is none) give one address.
    uint32_t intern_address(CodeAddress address);

    // site.first_frame and frame_count are filled in here. Returns the index, in profile.sites, of
    // the site that it is now part of.
    uint32_t add(Site site, const std::vector<uint32_t>& frames);

private:
    struct AddressHash {
        size_t operator()(const CodeAddress& address) const;
    };

    Profile& profile_;
    std::vector<uint32_t> canonical_;  // the first module of the same identity
    std::unordered_map<CodeAddress, uint32_t, AddressHash> addresses_;
    std::unordered_multimap<size_t, uint32_t> sites_;  // hash of a stack -> index of its site
};

}  // namespace heapdrift::model
