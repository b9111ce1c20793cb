#include "tests/unit/symbolize/fixture.h"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <libelf.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace heapdrift::symbolize {

TestFolder::TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "symbolize.XXXXXX").string();
    folder_ = mkdtemp(name.data());
}

TestFolder::~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

std::string fixture_path(const std::string& name) {
    return std::string(FIXTURES "/") + name;
}

bool fixture_exists(const std::string& name) {
    return std::filesystem::exists(fixture_path(name));
}

std::string output_of(const std::string& command) {
    std::string output;
    FILE* pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) {
        ADD_FAILURE() << "cannot run " << command;
        return output;
    }
    std::array<char, 4096> buffer;
    while (size_t got = fread(buffer.data(), 1, buffer.size(), pipe)) {
        output.append(buffer.data(), got);
    }
    EXPECT_EQ(pclose(pipe), 0) << command;
    return output;
}

std::map<std::string, uint64_t> noted_offsets(const std::string& path) {
    std::string command = path;
    if (path.ends_with(".so")) command = fixture_path("load") + " " + path;
    std::istringstream lines(output_of(command));
    std::map<std::string, uint64_t> offsets;
    std::string tag;
    uint64_t offset = 0;
    while (lines >> tag >> std::hex >> offset) offsets[tag] = offset;
    return offsets;
}

uint32_t line_of(const std::string& source, const std::string& marker) {
    std::ifstream file(std::string(FIXTURE_SOURCES "/") + source);
    std::string line;
    for (uint32_t number = 1; std::getline(file, line); ++number) {
        if (line.ends_with("// @" + marker)) return number;
    }
    ADD_FAILURE() << "no marker " << marker << " in " << source;
    return 0;
}

std::string build_id_of(const std::string& path) {
    elf_version(EV_CURRENT);
    int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    Elf* elf = elf_begin(descriptor, ELF_C_READ, nullptr);
    const void* bytes = nullptr;
    ssize_t size = elf == nullptr ? -1 : dwelf_elf_gnu_build_id(elf, &bytes);
    std::string hex;
    for (ssize_t i = 0; i < size; ++i) {
        std::array<char, 3> digits;
        snprintf(digits.data(), digits.size(), "%02x",
                 unsigned{static_cast<const unsigned char*>(bytes)[i]});
        hex += digits.data();
    }
    elf_end(elf);
    close(descriptor);
    return hex;
}

model::Module module_of(const std::string& path) {
    model::Module module;
    module.path = path;
    module.build_id = build_id_of(path);
    return module;
}

model::Locations symbolize_one(const model::Module& module, uint64_t lookup_offset,
                               const Options& options) {
    SymbolTable table = symbolize({module}, {{0, lookup_offset}}, options);
    const model::Locations* locations = table.find(0, lookup_offset);
    if (locations == nullptr) {
        ADD_FAILURE() << "no entry for the query";
        return {};
    }
    return *locations;
}

std::vector<std::string> described(const model::Locations& locations) {
    std::vector<std::string> lines;
    for (const model::Location& location : locations) {
        lines.push_back(location.function + " " +
                        std::filesystem::path(location.file).filename().string() + ":" +
                        std::to_string(location.line) + (location.inlined ? " [inlined]" : ""));
    }
    return lines;
}

}  // namespace heapdrift::symbolize
