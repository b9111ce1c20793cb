// The rows of one unit's line table.
#pragma once

#include <elfutils/libdw.h>

#include <cstddef>
#include <cstdint>

namespace heapdrift::symbolize {

class LineTable {
public:
    explicit LineTable(Dwarf_Die unit);

    // The row that the address belongs to, nullptr where none does. libdw's own search can answer
    // with the function before: compilers end a function with a row of no length, at the address
    // where the next function starts, and libdw sorts it behind that function's rows if its part
    // of the table was written later.
    Dwarf_Line* find(uint64_t address) const;
    size_t size() const { return size_; }

private:
    uint64_t address_of(size_t row) const;
    bool ends_function(size_t row) const;
    bool same_source(size_t a, size_t b) const;

    Dwarf_Lines* rows_ = nullptr;  // by address, an end before the rows that start at its address
    size_t size_ = 0;
};

}  // namespace heapdrift::symbolize
