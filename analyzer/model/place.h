// Where an allocation is said to happen: what reports group by, filter on and match by.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/model/profile.h"

namespace heapdrift::model {

enum class GroupBy { traceback, lineno, filename, function, module, thread, domain };
inline constexpr std::array<const char*, 7> kGroupByNames = {
    "traceback", "lineno", "filename", "function", "module", "thread", "domain"};

// One frame as a reader sees it. An address with inlined functions has several.
struct Frame {
    std::string function;  // "" where no symbol is known
    std::string file;
    uint32_t line = 0;
    std::string module;  // path; "" where no module is known
    uint64_t module_offset = 0;
    bool inlined = false;
    bool operator==(const Frame&) const = default;
};

// All frames of an address, innermost inlined function first. Never empty.
std::vector<Frame> frames_of_address(const Profile& profile, uint32_t address);

// Of a whole stack, innermost first.
std::vector<Frame> frames_of_site(const Profile& profile, const Site& site);

// "function at file:line (module)", with what is known of it.
std::string frame_text(const Frame& frame);
// The same with the program's own module under the name by which the program was started.
std::string frame_text(const Profile& profile, const Frame& frame);

// The key of a frame under a grouping by location: "file:line", file, function or module, and
// where that is not known the nearest thing that is: the function, module+offset, the address.
std::string place_key(const Frame& frame, GroupBy group_by);

// The keys of a profile's addresses under one grouping, as small numbers.
class PlaceIndex {
public:
    PlaceIndex(const Profile& profile, GroupBy group_by);

    // The distinct places of a site: the one that allocates (wrappers skipped, see
    // allocator_wrapper.h), or with `cumulative` every one on its stack, each once.
    void places_of(const Site& site, bool cumulative, std::vector<uint32_t>& places) const;

    const std::string& key(uint32_t place) const { return keys_[place]; }
    size_t size() const { return keys_.size(); }

private:
    struct AddressPlaces {
        uint32_t first = 0;  // in places_
        uint32_t count = 0;
        // Of these, the first that is no allocator wrapper.
        std::optional<uint32_t> allocating;
    };

    const Profile& profile_;
    std::vector<std::string> keys_;
    std::vector<uint32_t> places_;
    std::vector<AddressPlaces> by_address_;
};

}  // namespace heapdrift::model
