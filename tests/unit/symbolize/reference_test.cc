// Compared with addr2line on real programs: inline chains, lines and names.
//
// Left out is where addr2line 2.40 is known to be wrong or says less: places between functions (it
// names the function before), bare names of inlined static functions, file names of inlined
// functions (taken from another unit's table), and addresses ending in ff that it finds no line for
// when asked for others before.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>

#include "tests/unit/symbolize/fixture.h"

namespace heapdrift::symbolize {
namespace {

struct Reference {
    std::string function;
    uint32_t line;
};

std::map<uint64_t, std::vector<Reference>> ask_addr2line(const std::string& path,
                                                         const std::vector<uint64_t>& addresses) {
    TestFolder folder;
    std::ofstream list(folder.path("addresses"));
    for (uint64_t address : addresses) list << std::hex << "0x" << address << '\n';
    list.close();
    std::istringstream output(
        output_of(ADDR2LINE " -a -i -f -C -e " + path + " < " + folder.path("addresses")));
    std::map<uint64_t, std::vector<Reference>> answers;
    std::vector<Reference>* answer = nullptr;
    std::string text;
    while (std::getline(output, text)) {
        if (text.starts_with("0x")) {
            answer = &answers[std::stoull(text, nullptr, 16)];
            continue;
        }
        std::string place;
        std::getline(output, place);
        place = place.substr(0, place.find(" (discriminator"));
        std::string line = place.substr(place.rfind(':') + 1);
        if (size_t clone = text.find(" [clone"); clone != text.npos) text.resize(clone);
        answer->push_back({text, line == "?" ? 0 : static_cast<uint32_t>(std::stoul(line))});
    }
    return answers;
}

// Random places inside of the functions that nm lists with a size.
std::vector<uint64_t> places_in_functions(const std::string& path, const std::string& nm_options,
                                          size_t count) {
    std::istringstream symbols(output_of(NM " -S " + nm_options + " " + path));
    std::vector<std::pair<uint64_t, uint64_t>> functions;
    std::string row;
    while (std::getline(symbols, row)) {
        std::istringstream fields(row);
        uint64_t address = 0;
        uint64_t size = 0;
        char type = 0;
        if (fields >> std::hex >> address >> size >> type && std::strchr("TtWw", type) &&
            size > 1) {
            functions.emplace_back(address, size);
        }
    }
    std::mt19937_64 random(4711);
    std::set<uint64_t> places;
    while (places.size() < count && !functions.empty()) {
        auto [address, size] = functions[random() % functions.size()];
        places.insert(address + random() % size);
    }
    return {places.begin(), places.end()};
}

std::string bare(std::string name) {
    name = name.substr(0, name.find_first_of("(<"));
    for (const char* suffix : {".cold", ".part", ".isra", ".constprop"}) {
        if (size_t at = name.find(suffix); at != name.npos) name.resize(at);
    }
    return name;
}

SymbolTable ask_ours(const std::string& path, const std::vector<uint64_t>& addresses) {
    std::vector<Query> queries;
    for (uint64_t address : addresses) queries.push_back({0, address});
    return symbolize({module_of(path)}, queries, {});
}

TEST(ComparedWithAddr2line, ThisProgramHasTheSameInlineChainsAndLines) {
    const std::string path = std::filesystem::read_symlink("/proc/self/exe").string();
    std::vector<uint64_t> places = places_in_functions(path, "", 5000);
    ASSERT_EQ(places.size(), 5000u);
    auto reference = ask_addr2line(path, places);
    SymbolTable ours = ask_ours(path, places);
    size_t chains = 0;
    size_t lines = 0;
    size_t names = 0;
    std::string other_name;
    for (const auto& [address, expected] : reference) {
        const model::Locations* found = ours.find(0, address);
        ASSERT_NE(found, nullptr);
        if (expected.size() == 1 && expected[0].line == 0) continue;
        if (found->size() != expected.size()) {
            ++chains;
            continue;
        }
        for (size_t i = 0; i < expected.size(); ++i) {
            if ((*found)[i].line != expected[i].line) ++lines;
        }
        // The reference has the bare name or the linker's; both are within ours.
        const std::string name = bare(expected.back().function);
        if (found->back().function.find(name) == std::string::npos) {
            ++names;
            other_name = found->back().function + " for " + expected.back().function;
        }
    }
    EXPECT_EQ(chains, 0u);
    EXPECT_EQ(lines, 0u);
    // The compiler folds functions of equal code into one, which then has two names.
    EXPECT_LE(names, reference.size() / 100) << other_name;
}

TEST(ComparedWithAddr2line, ALibraryWithoutDebugInformationHasTheSameNames) {
    const std::string path =
        std::filesystem::canonical(output_of("ldd /proc/" + std::to_string(getpid()) +
                                             "/exe | sed -n 's/.*libstdc++.*=> \\([^ ]*\\).*/\\1/p'"
                                             " | tr -d '\\n'"))
            .string();
    std::vector<uint64_t> places = places_in_functions(path, "-D --defined-only", 5000);
    ASSERT_EQ(places.size(), 5000u);
    auto reference = ask_addr2line(path, places);
    SymbolTable ours = ask_ours(path, places);
    size_t other = 0;
    for (const auto& [address, expected] : reference) {
        const model::Locations* found = ours.find(0, address);
        ASSERT_TRUE(found != nullptr && !found->empty());
        if (found->back().function != expected.back().function) ++other;
    }
    // Functions folded into one have several names of equal right.
    EXPECT_LE(other, reference.size() / 50);
}

}  // namespace
}  // namespace heapdrift::symbolize
