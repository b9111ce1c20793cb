// Which compilation unit a code address belongs to.
#pragma once

#include <elfutils/libdw.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "analyzer/symbolize/debug_session.h"

namespace heapdrift::symbolize {

class DwarfUnits {
public:
    DwarfUnits(Dwarf* dwarf, const std::vector<AddressRange>& code);

    // Offset of the unit's DIE. The index is made of the units' own ranges, which every compiler
    // writes; .debug_aranges, which clang leaves out, may be there for only a part of the units
    // and is asked only where no unit claims the address.
    std::optional<Dwarf_Off> find(Dwarf* dwarf, uint64_t address) const;

private:
    struct Entry {
        uint64_t low;
        uint64_t high;
        Dwarf_Off unit;
    };

    std::vector<Entry> entries_;   // by address
    std::vector<uint64_t> reach_;  // the greatest end of this entry and all before it
};

}  // namespace heapdrift::symbolize
