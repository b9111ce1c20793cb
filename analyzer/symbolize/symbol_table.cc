#include "analyzer/symbolize/symbol_table.h"

#include <utility>

namespace heapdrift::symbolize {

size_t SymbolTable::KeyHash::operator()(const Key& key) const {
    uint64_t mixed = (key.lookup_offset ^ (uint64_t{key.module} << 48)) * 0x9e3779b97f4a7c15u;
    return static_cast<size_t>(mixed ^ (mixed >> 32));
}

const model::Locations* SymbolTable::find(uint32_t module, uint64_t lookup_offset) const {
    auto found = entries_.find(Key{module, lookup_offset});
    return found == entries_.end() ? nullptr : &found->second;
}

void SymbolTable::insert(uint32_t module, uint64_t lookup_offset, model::Locations locations) {
    entries_.insert_or_assign(Key{module, lookup_offset}, std::move(locations));
}

size_t SymbolTable::size() const {
    return entries_.size();
}

}  // namespace heapdrift::symbolize
