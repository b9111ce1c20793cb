// A word of the program's memory, which the caller knows to be readable.
#pragma once

#include <cstdint>

namespace heapdrift::scan {

inline uint64_t word_at(uint64_t address) {
    return *reinterpret_cast<const uint64_t*>(address);
}

}  // namespace heapdrift::scan
