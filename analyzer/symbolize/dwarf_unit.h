// Symbolizes the addresses of one compilation unit together: its functions are listed once, and
// of their inlined subroutines only those are visited that an address lies in.
#pragma once

#include <elfutils/libdw.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "analyzer/model/location.h"
#include "analyzer/symbolize/function_names.h"
#include "analyzer/symbolize/line_table.h"

namespace heapdrift::symbolize {

struct UnitLookup {
    uint64_t address = 0;
    model::Locations locations;
    // The last location's name is the linker's, or is as the language has it without one.
    bool complete_name = false;
};

class DwarfUnit {
public:
    DwarfUnit(Dwarf_Die unit, FunctionNames& names);

    // `lookups` ascend by address.
    void symbolize(std::span<UnitLookup> lookups);
    // Rows of the line table, which libdw now holds in memory.
    size_t line_rows() const { return lines_.size(); }

private:
    struct Function {
        uint64_t low;
        uint64_t high;
        size_t die;  // of dies_
    };
    // An inlined subroutine; parent is a number of inlined_, or kNone under the function itself.
    struct Inlined {
        Dwarf_Die die;
        size_t parent;
    };
    static constexpr size_t kNone = static_cast<size_t>(-1);

    void list_functions(Dwarf_Die parent, bool everywhere, unsigned depth);
    size_t function_at(uint64_t address) const;
    std::vector<size_t> functions_of(std::span<UnitLookup> lookups);
    void symbolize_function(Dwarf_Die function, std::span<UnitLookup* const> lookups);
    void visit_inlined(Dwarf_Die parent, size_t parent_number, std::span<UnitLookup* const> lookups,
                       std::vector<size_t>& innermost, unsigned depth);
    model::Location call_site(Dwarf_Die inlined);
    model::Location source_line(uint64_t address);
    const std::string& clean_path(const char* path);

    LineTable lines_;
    Dwarf_Die unit_;  // has the functions: the unit of the line table, or its .dwo's
    FunctionNames& names_;
    std::vector<Dwarf_Die> dies_;
    std::vector<Function> functions_;
    std::vector<uint64_t> reach_;
    std::vector<Inlined> inlined_;
    std::filesystem::path directory_;  // that relative names of files start from
    std::unordered_map<const char*, std::string> paths_;
};

}  // namespace heapdrift::symbolize
