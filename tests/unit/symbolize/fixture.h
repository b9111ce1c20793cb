// Programs built for these tests, and what they say about themselves.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "analyzer/model/location.h"
#include "analyzer/model/module.h"
#include "analyzer/symbolize/symbolizer.h"

namespace heapdrift::symbolize {

// A folder of its own for one test, removed with it.
class TestFolder {
public:
    TestFolder();
    ~TestFolder();
    TestFolder(const TestFolder&) = delete;
    TestFolder& operator=(const TestFolder&) = delete;
    std::string path(const std::string& name) const { return (folder_ / name).string(); }

private:
    std::filesystem::path folder_;
};

std::string fixture_path(const std::string& name);
bool fixture_exists(const std::string& name);

// The standard output of a shell command, which has to succeed.
std::string output_of(const std::string& command);

// Tag -> lookup offset, by running the program or loading the shared object.
std::map<std::string, uint64_t> noted_offsets(const std::string& path);

// The line of fixtures/<source> that has the marker "// @<marker>".
uint32_t line_of(const std::string& source, const std::string& marker);

std::string build_id_of(const std::string& path);
model::Module module_of(const std::string& path);

model::Locations symbolize_one(const model::Module& module, uint64_t lookup_offset,
                               const Options& options = {});

// "function file:line" of each location, the file without folders and [inlined] behind.
std::vector<std::string> described(const model::Locations& locations);

}  // namespace heapdrift::symbolize
