// Names of code addresses, as symbolized once and embedded in a session file, so that a report
// can be read on another machine. An entry with empty Locations was looked up and nothing is
// known of it; find() returns nullptr only for what was never looked up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "analyzer/model/location.h"

namespace heapdrift::symbolize {

class SymbolTable {
public:
    // The pointer stays valid until the table is destroyed or the same key is inserted again.
    const model::Locations* find(uint32_t module, uint64_t lookup_offset) const;
    void insert(uint32_t module, uint64_t lookup_offset, model::Locations locations);
    size_t size() const;

    // The bytes are versioned and compressed; the same table always gives the same bytes.
    std::vector<std::byte> encode() const;
    // Bytes may come from strangers: nullopt for anything that is not the whole of a table
    // in this version, with memory bounded by constants and by the size of the input.
    static std::optional<SymbolTable> decode(std::span<const std::byte> bytes);

private:
    struct Key {
        uint32_t module;
        uint64_t lookup_offset;
        bool operator==(const Key&) const = default;
    };
    struct KeyHash {
        size_t operator()(const Key& key) const;
    };

    std::unordered_map<Key, model::Locations, KeyHash> entries_;
};

}  // namespace heapdrift::symbolize
