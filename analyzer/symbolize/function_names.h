// Names of functions as DWARF knows them.
#pragma once

#include <elfutils/libdw.h>

#include <string>
#include <unordered_map>

#include "analyzer/symbolize/scope_names.h"

namespace heapdrift::symbolize {

struct FunctionName {
    std::string text;  // "" where DWARF has none
    // The linker's name was there, and with it scope and parameters.
    bool complete = false;
};

// A cache for as long as one Dwarf handle lives: it is keyed by where its DIEs lie in memory.
class FunctionNames {
public:
    // For a subprogram or an inlined subroutine.
    const FunctionName& of(Dwarf_Die die);

private:
    std::unordered_map<const void*, FunctionName> names_;
    ScopeNames scopes_;
};

}  // namespace heapdrift::symbolize
