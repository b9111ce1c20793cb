#include "analyzer/symbolize/dwarf_units.h"

#include <dwarf.h>

#include <algorithm>
#include <tuple>

namespace heapdrift::symbolize {

DwarfUnits::DwarfUnits(Dwarf* dwarf, const std::vector<AddressRange>& code) {
    auto is_code = [&](uint64_t address) {
        if (address == 0) return false;
        return code.empty() || std::any_of(code.begin(), code.end(), [=](const AddressRange& part) {
                   return address >= part.low && address < part.high;
               });
    };
    Dwarf_CU* unit = nullptr;
    Dwarf_Half version = 0;
    uint8_t type = 0;
    Dwarf_Die die;
    while (dwarf_get_units(dwarf, unit, &unit, &version, &type, &die, nullptr) == 0) {
        if (type != DW_UT_compile && type != DW_UT_skeleton) continue;
        Dwarf_Addr base = 0;
        Dwarf_Addr low = 0;
        Dwarf_Addr high = 0;
        ptrdiff_t at = 0;
        while ((at = dwarf_ranges(&die, at, &base, &low, &high)) > 0) {
            if (low < high && is_code(low)) entries_.push_back({low, high, dwarf_dieoffset(&die)});
        }
    }
    // Of copies of an inline function the linker keeps the first and lets the debug information of
    // the others point to it, though they may be compiled differently. find() looks from the back.
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
        return std::tie(a.low, b.high, b.unit) < std::tie(b.low, a.high, a.unit);
    });
    reach_.reserve(entries_.size());
    for (const Entry& entry : entries_) {
        reach_.push_back(std::max(entry.high, reach_.empty() ? 0 : reach_.back()));
    }
}

std::optional<Dwarf_Off> DwarfUnits::find(Dwarf* dwarf, uint64_t address) const {
    auto above =
        std::upper_bound(entries_.begin(), entries_.end(), address,
                         [](uint64_t wanted, const Entry& entry) { return wanted < entry.low; });
    for (auto at = static_cast<size_t>(above - entries_.begin());
         at > 0 && reach_[at - 1] > address; --at) {
        if (entries_[at - 1].high > address) return entries_[at - 1].unit;
    }
    Dwarf_Aranges* ranges = nullptr;
    if (dwarf_getaranges(dwarf, &ranges, nullptr) != 0) return std::nullopt;
    Dwarf_Off unit = 0;
    Dwarf_Arange* range = dwarf_getarange_addr(ranges, address);
    if (range == nullptr || dwarf_getarangeinfo(range, nullptr, nullptr, &unit) != 0) {
        return std::nullopt;
    }
    return unit;
}

}  // namespace heapdrift::symbolize
