// What a leak is called from build to build: in a baseline, and in the fingerprints of reports.
//
// The name is made of what a rebuild leaves as it is: the functions and the modules' names of the
// innermost frames, each once. It has no lines, addresses, offsets, paths or versions, nothing of
// the C++ library (which may be inlined or not), nothing outside of main or of a thread's first
// function, and a recursion counts once, however deep it was.
#pragma once

#include <compare>
#include <string>
#include <tuple>
#include <vector>

#include "analyzer/model/place.h"
#include "core/domain.h"

namespace heapdrift::model {

// More would split a leak by what happened to call it.
inline constexpr size_t kIdentityFrames = 8;

struct LeakIdentity {
    Domain domain = Domain::heap;
    std::vector<std::string> stack;  // "function (module)", innermost first; never empty

    std::string id() const;  // 16 hexadecimal digits
    bool operator==(const LeakIdentity&) const = default;
    auto operator<=>(const LeakIdentity& other) const {
        return std::tie(domain, stack) <=> std::tie(other.domain, other.stack);
    }
};

LeakIdentity identify(const std::vector<Frame>& frames, Domain domain);

}  // namespace heapdrift::model
