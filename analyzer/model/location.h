// What a code address means in the source.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace heapdrift::model {

struct Location {
    std::string function;  // demangled; "" where no symbol is known
    std::string file;      // "" where no line table is known
    uint32_t line = 0;     // 0: not known
    bool inlined = false;  // function was inlined into the next location of the list
};

// Of one address: innermost inlined function first, the function that holds the code last.
// Empty where nothing at all is known.
using Locations = std::vector<Location>;

}  // namespace heapdrift::model
