// One module's ELF and DWARF data, opened through libdwfl at its link-time addresses.
#pragma once

#include <elfutils/libdwfl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/symbolize/module_file.h"

namespace heapdrift::symbolize {

struct AddressRange {
    uint64_t low;
    uint64_t high;
};

class DebugSession {
public:
    // `debug_roots` are searched for separate debug files by build-id and by debug link.
    static std::optional<DebugSession> open(ModuleFile file,
                                            const std::vector<std::string>& debug_roots);

    // Gives back what libdw has decoded so far, which it otherwise keeps until the end. All
    // handles got from module() and dwarf() before are void; offsets stay right. False: the files
    // have gone in the meantime.
    bool reopen();

    Dwfl_Module* module() const { return module_; }
    Dwarf* dwarf() const { return dwarf_; }  // nullptr: no DWARF anywhere
    // Where code can be. Ranges of functions that the linker threw away lie outside of it.
    const std::vector<AddressRange>& code() const { return code_; }

private:
    struct EndDwfl {
        void operator()(Dwfl* dwfl) const { dwfl_end(dwfl); }
    };

    DebugSession() = default;
    bool begin();

    // Behind pointers, because libdwfl keeps the address of the callbacks, which hold that of the
    // search path.
    struct Search {
        std::string path;
        char* path_pointer = nullptr;
        Dwfl_Callbacks callbacks{};
    };
    std::unique_ptr<Search> search_;
    std::unique_ptr<Dwfl, EndDwfl> dwfl_;
    ModuleFile file_;
    Dwfl_Module* module_ = nullptr;
    Dwarf* dwarf_ = nullptr;
    std::vector<AddressRange> code_;
};

}  // namespace heapdrift::symbolize
