#include "analyzer/symbolize/elf_symbols.h"

#include <gelf.h>

#include <algorithm>
#include <cstring>
#include <tuple>

namespace heapdrift::symbolize {
namespace {

struct Candidate {
    uint64_t low;
    uint64_t size;
    uint64_t section_end;
    const char* name;
    bool local;
};

// Of several names of one function the one that its users write: public rather than local, and
// write rather than __write; beyond that only the same choice each time matters.
auto preference(const Candidate& symbol) {
    size_t underscores =
        std::strncmp(symbol.name, "_Z", 2) == 0 ? 0 : std::strspn(symbol.name, "_");
    return std::tuple(symbol.low, symbol.size == 0, symbol.local, underscores,
                      std::strlen(symbol.name));
}

bool precedes(const Candidate& a, const Candidate& b) {
    auto left = preference(a);
    auto right = preference(b);
    if (left != right) return left < right;
    return std::strcmp(a.name, b.name) < 0;
}

std::vector<Candidate> functions_of(Dwfl_Module* module) {
    std::vector<Candidate> functions;
    int count = dwfl_module_getsymtab(module);
    for (int i = 1; i < count; ++i) {
        GElf_Sym symbol;
        GElf_Addr address = 0;
        GElf_Word section = 0;
        Elf* elf = nullptr;
        const char* name =
            dwfl_module_getsym_info(module, i, &symbol, &address, &section, &elf, nullptr);
        if (name == nullptr || name[0] == '\0' || section == SHN_UNDEF) continue;
        unsigned type = GELF_ST_TYPE(symbol.st_info);
        // Assembly often leaves the type out.
        if (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE) continue;
        GElf_Shdr header;
        Elf_Scn* place = section < SHN_LORESERVE ? elf_getscn(elf, section) : nullptr;
        if (place == nullptr || gelf_getshdr(place, &header) == nullptr ||
            (header.sh_flags & SHF_EXECINSTR) == 0 || symbol.st_value < header.sh_addr) {
            continue;
        }
        uint64_t section_end = address + (header.sh_addr + header.sh_size - symbol.st_value);
        if (section_end <= address || symbol.st_size > section_end - address) continue;
        functions.push_back({address, symbol.st_size, section_end, name,
                             GELF_ST_BIND(symbol.st_info) == STB_LOCAL});
    }
    return functions;
}

}  // namespace

ElfSymbols::ElfSymbols(Dwfl_Module* module) {
    std::vector<Candidate> functions = functions_of(module);
    std::sort(functions.begin(), functions.end(), precedes);
    uint64_t reach = 0;
    for (size_t i = 0; i < functions.size(); ++i) {
        const Candidate& function = functions[i];
        if (!symbols_.empty() && symbols_.back().low == function.low) continue;
        uint64_t high = function.low + function.size;
        if (function.size == 0) {
            // A label without a size inside of a function is a place in it, no function.
            if (function.low < reach) continue;
            auto next = std::upper_bound(
                functions.begin() + static_cast<ptrdiff_t>(i), functions.end(), function.low,
                [](uint64_t low, const Candidate& other) { return low < other.low; });
            high = next == functions.end() ? function.section_end
                                           : std::min(next->low, function.section_end);
        }
        reach = std::max(reach, high);
        symbols_.push_back({function.low, high, function.name});
        reach_.push_back(reach);
    }
}

const char* ElfSymbols::find(uint64_t address) const {
    auto above =
        std::upper_bound(symbols_.begin(), symbols_.end(), address,
                         [](uint64_t wanted, const Symbol& symbol) { return wanted < symbol.low; });
    for (auto at = static_cast<size_t>(above - symbols_.begin());
         at > 0 && reach_[at - 1] > address; --at) {
        if (symbols_[at - 1].high > address) return symbols_[at - 1].name;
    }
    return nullptr;
}

}  // namespace heapdrift::symbolize
