#pragma once

#include <map>
#include <string>

struct Entry {
    std::string value;
    long version = 0;
};

class Store {
public:
    ~Store();
    void put(const std::string& key, const std::string& value);
    std::string get(const std::string& key) const;

private:
    std::map<std::string, Entry*> entries_;
};
