// Functions by the symbol tables of a module: .symtab of the file or its debug file, else
// .dynsym, and .gnu_debugdata beside it.
#pragma once

#include <elfutils/libdwfl.h>

#include <cstdint>
#include <vector>

namespace heapdrift::symbolize {

class ElfSymbols {
public:
    explicit ElfSymbols(Dwfl_Module* module);

    // The linker's name of the function that the address lies in, nullptr where none is known:
    // behind the end of the last known function the name would be a guess. The text belongs to
    // the module.
    const char* find(uint64_t address) const;

private:
    struct Symbol {
        uint64_t low;
        uint64_t high;
        const char* name;
    };

    std::vector<Symbol> symbols_;  // by address, one for each start
    std::vector<uint64_t> reach_;  // the greatest end of this symbol and all before it
};

}  // namespace heapdrift::symbolize
