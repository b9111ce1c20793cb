#include "analyzer/symbolize/line_table.h"

namespace heapdrift::symbolize {

LineTable::LineTable(Dwarf_Die unit) {
    if (dwarf_getsrclines(&unit, &rows_, &size_) != 0) size_ = 0;
}

Dwarf_Line* LineTable::find(uint64_t address) const {
    size_t first_above = 0;
    for (size_t end = size_; first_above < end;) {
        size_t middle = first_above + (end - first_above) / 2;
        if (address_of(middle) <= address) {
            first_above = middle + 1;
        } else {
            end = middle;
        }
    }
    if (first_above == 0 || ends_function(first_above - 1)) return nullptr;

    size_t row = first_above - 1;
    size_t first = row;
    while (first > 0 && address_of(first - 1) == address_of(row)) --first;
    size_t start = first;
    while (start < row && ends_function(start)) ++start;
    if (start > first && first > 0) {
        while (row > start && same_source(row, first - 1)) --row;
    }
    return dwarf_onesrcline(rows_, row);
}

uint64_t LineTable::address_of(size_t row) const {
    Dwarf_Addr address = 0;
    dwarf_lineaddr(dwarf_onesrcline(rows_, row), &address);
    return address;
}

bool LineTable::ends_function(size_t row) const {
    bool ends = false;
    dwarf_lineendsequence(dwarf_onesrcline(rows_, row), &ends);
    return ends;
}

bool LineTable::same_source(size_t a, size_t b) const {
    Dwarf_Line* left = dwarf_onesrcline(rows_, a);
    Dwarf_Line* right = dwarf_onesrcline(rows_, b);
    int left_line = 0;
    int right_line = 0;
    dwarf_lineno(left, &left_line);
    dwarf_lineno(right, &right_line);
    return left_line == right_line &&
           dwarf_linesrc(left, nullptr, nullptr) == dwarf_linesrc(right, nullptr, nullptr);
}

}  // namespace heapdrift::symbolize
