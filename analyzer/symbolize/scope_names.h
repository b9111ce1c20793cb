// Namespaces and classes that a function is declared in, where only DWARF's tree knows them.
#pragma once

#include <elfutils/libdw.h>

#include <cstddef>
#include <string>
#include <vector>

namespace heapdrift::symbolize {

// Lists the functions of a whole unit when it is first asked for one of them, because libdw's own
// search for the scopes of one function reads half of the unit each time. Holds one unit only:
// names are asked for unit by unit, and all units together would need as much as the file.
class ScopeNames {
public:
    // "ns::Class::", "" outside of all scopes.
    std::string of(Dwarf_Die declaration);

private:
    struct Function {
        const void* die;
        size_t scope;  // of scopes_
    };

    void list(Dwarf_Die parent, size_t scope, unsigned depth);

    const void* unit_ = nullptr;
    std::vector<std::string> scopes_;
    std::vector<Function> functions_;  // in the order of the unit, so by address of the DIE
};

}  // namespace heapdrift::symbolize
