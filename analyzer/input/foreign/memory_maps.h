// The lines of a /proc/PID/maps, as modules.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analyzer/model/module.h"

namespace heapdrift::input {

// Where a part of a module's file is mapped as code.
struct MappedCode {
    uint64_t start = 0;
    uint64_t file_offset = 0;
};
// Finds out what the maps do not say of a module: its build-id, and the load bias.
using IdentifyModule = std::function<void(model::Module&, const std::vector<MappedCode>&)>;

class MemoryMaps {
public:
    // A line that is none of the format, or maps no file, is passed over.
    void add(std::string_view line);

    // By order of appearance. What is not identified has no build-id, and the load bias of a file
    // whose first byte has the address 0, as that of all position-independent ones.
    std::vector<model::Module> modules(const IdentifyModule& identify) const;
    // The index of the module that an address lies in, kNoModule for none.
    uint32_t module_of(uint64_t address) const;
    // Whether the module is a library that only allocates.
    bool is_allocator(uint32_t module) const;
    // The path of the first module: the kernel maps the program at the lowest address.
    std::string program() const;

private:
    struct Range {
        uint64_t start;
        uint32_t module;
    };
    std::vector<model::Module> modules_;
    std::vector<std::vector<MappedCode>> code_;  // by module
    std::unordered_map<std::string, uint32_t> by_path_;
    std::map<uint64_t, Range> ranges_;  // by end
};

}  // namespace heapdrift::input
