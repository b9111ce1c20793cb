#include "store.h"

Store::~Store() {
    for (const auto& [key, entry] : entries_) delete entry;
}

void Store::put(const std::string& key, const std::string& value) {
    Entry*& entry = entries_[key];
    const long version = entry == nullptr ? 0 : entry->version;
#ifndef SAMPLE_LEAK
    delete entry;
#endif
    entry = new Entry{value, version + 1};
}

std::string Store::get(const std::string& key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? "" : found->second->value;
}
