#include "analyzer/symbolize/dwarf_unit.h"

#include <dwarf.h>

#include <algorithm>

namespace heapdrift::symbolize {
namespace {

// Real nesting stays far below; a corrupted file must not exhaust our stack.
constexpr unsigned kMaxDepth = 200;

template <typename Visit>
void for_each_range(Dwarf_Die die, Visit visit) {
    Dwarf_Addr base = 0;
    Dwarf_Addr low = 0;
    Dwarf_Addr high = 0;
    ptrdiff_t at = 0;
    while ((at = dwarf_ranges(&die, at, &base, &low, &high)) > 0) {
        if (low < high) visit(low, high);
    }
}

template <typename Visit>
void for_each_child(Dwarf_Die parent, Visit visit) {
    Dwarf_Die child;
    if (dwarf_child(&parent, &child) != 0) return;
    do {
        visit(child);
    } while (dwarf_siblingof(&child, &child) == 0);
}

bool may_hold_inlined(int tag) {
    switch (tag) {
        case DW_TAG_lexical_block:
        case DW_TAG_try_block:
        case DW_TAG_catch_block:
        case DW_TAG_with_stmt:
            return true;
        default:
            return false;
    }
}

}  // namespace

DwarfUnit::DwarfUnit(Dwarf_Die unit, FunctionNames& names)
    : lines_(unit), unit_(unit), names_(names) {
    Dwarf_Die split;
    uint8_t type = 0;
    if (dwarf_cu_info(unit.cu, nullptr, &type, nullptr, &split, nullptr, nullptr, nullptr) == 0 &&
        type == DW_UT_skeleton && dwarf_tag(&split) == DW_TAG_compile_unit) {
        unit_ = split;
    }
    Dwarf_Attribute attribute;
    if (const char* directory = dwarf_formstring(dwarf_attr(&unit, DW_AT_comp_dir, &attribute))) {
        directory_ = directory;
    }
}

void DwarfUnit::symbolize(std::span<UnitLookup> lookups) {
    std::vector<size_t> functions = functions_of(lookups);
    std::vector<size_t> order(lookups.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return functions[a] < functions[b]; });
    std::vector<UnitLookup*> group;
    for (size_t first = 0; first < order.size();) {
        size_t function = functions[order[first]];
        group.clear();
        for (; first < order.size() && functions[order[first]] == function; ++first) {
            group.push_back(&lookups[order[first]]);
        }
        if (function != kNone) {
            symbolize_function(dies_[function], group);
            continue;
        }
        for (UnitLookup* lookup : group) {
            model::Location location = source_line(lookup->address);
            if (!location.file.empty()) lookup->locations.push_back(std::move(location));
        }
    }
}

// Functions lie directly in the unit or its namespaces, where the rest can be skipped over. Only
// nested ones (local classes, GNU C's) need every DIE to be visited, and only when an address
// would stay without function otherwise.
std::vector<size_t> DwarfUnit::functions_of(std::span<UnitLookup> lookups) {
    std::vector<size_t> result(lookups.size(), kNone);
    for (bool everywhere : {false, true}) {
        dies_.clear();
        functions_.clear();
        reach_.clear();
        list_functions(unit_, everywhere, 0);
        std::sort(functions_.begin(), functions_.end(), [](const Function& a, const Function& b) {
            return a.low != b.low ? a.low < b.low : a.high > b.high;
        });
        for (const Function& function : functions_) {
            reach_.push_back(std::max(function.high, reach_.empty() ? 0 : reach_.back()));
        }
        for (size_t i = 0; i < lookups.size(); ++i) result[i] = function_at(lookups[i].address);
        if (std::find(result.begin(), result.end(), kNone) == result.end()) break;
    }
    return result;
}

void DwarfUnit::list_functions(Dwarf_Die parent, bool everywhere, unsigned depth) {
    if (depth > kMaxDepth) return;
    for_each_child(parent, [&](Dwarf_Die child) {
        switch (dwarf_tag(&child)) {
            case DW_TAG_subprogram:
                for_each_range(child, [&](uint64_t low, uint64_t high) {
                    functions_.push_back({low, high, dies_.size()});
                });
                dies_.push_back(child);
                if (everywhere) list_functions(child, everywhere, depth + 1);
                break;
            case DW_TAG_namespace:
            case DW_TAG_module:
                list_functions(child, everywhere, depth + 1);
                break;
            default:
                if (everywhere) list_functions(child, everywhere, depth + 1);
                break;
        }
    });
}

size_t DwarfUnit::function_at(uint64_t address) const {
    auto above = std::upper_bound(
        functions_.begin(), functions_.end(), address,
        [](uint64_t wanted, const Function& function) { return wanted < function.low; });
    for (auto at = static_cast<size_t>(above - functions_.begin());
         at > 0 && reach_[at - 1] > address; --at) {
        if (functions_[at - 1].high > address) return functions_[at - 1].die;
    }
    return kNone;
}

void DwarfUnit::symbolize_function(Dwarf_Die function, std::span<UnitLookup* const> lookups) {
    inlined_.clear();
    std::vector<size_t> innermost(lookups.size(), kNone);
    visit_inlined(function, kNone, lookups, innermost, 0);
    for (size_t i = 0; i < lookups.size(); ++i) {
        model::Locations& locations = lookups[i]->locations;
        model::Location location = source_line(lookups[i]->address);
        for (size_t at = innermost[i]; at != kNone; at = inlined_[at].parent) {
            location.function = names_.of(inlined_[at].die).text;
            location.inlined = true;
            locations.push_back(std::move(location));
            location = call_site(inlined_[at].die);
        }
        const FunctionName& name = names_.of(function);
        location.function = name.text;
        locations.push_back(std::move(location));
        lookups[i]->complete_name = name.complete;
    }
}

// Visited outside in, so that the innermost subroutine of an address is the last one written.
void DwarfUnit::visit_inlined(Dwarf_Die parent, size_t parent_number,
                              std::span<UnitLookup* const> lookups, std::vector<size_t>& innermost,
                              unsigned depth) {
    if (depth > kMaxDepth) return;
    for_each_child(parent, [&](Dwarf_Die child) {
        int tag = dwarf_tag(&child);
        if (may_hold_inlined(tag)) {
            visit_inlined(child, parent_number, lookups, innermost, depth + 1);
            return;
        }
        if (tag != DW_TAG_inlined_subroutine) return;
        size_t number = inlined_.size();
        bool holds_any = false;
        for_each_range(child, [&](uint64_t low, uint64_t high) {
            auto first = std::lower_bound(
                lookups.begin(), lookups.end(), low,
                [](const UnitLookup* lookup, uint64_t from) { return lookup->address < from; });
            for (; first != lookups.end() && (*first)->address < high; ++first) {
                innermost[static_cast<size_t>(first - lookups.begin())] = number;
                holds_any = true;
            }
        });
        if (!holds_any) return;
        inlined_.push_back({child, parent_number});
        visit_inlined(child, number, lookups, innermost, depth + 1);
    });
}

model::Location DwarfUnit::call_site(Dwarf_Die inlined) {
    model::Location location;
    Dwarf_Attribute attribute;
    Dwarf_Word number = 0;
    Dwarf_Files* files = nullptr;
    if (dwarf_formudata(dwarf_attr(&inlined, DW_AT_call_file, &attribute), &number) == 0 &&
        dwarf_getsrcfiles(&unit_, &files, nullptr) == 0) {
        location.file = clean_path(dwarf_filesrc(files, number, nullptr, nullptr));
    }
    if (dwarf_formudata(dwarf_attr(&inlined, DW_AT_call_line, &attribute), &number) == 0) {
        location.line = static_cast<uint32_t>(number);
    }
    return location;
}

model::Location DwarfUnit::source_line(uint64_t address) {
    model::Location location;
    Dwarf_Line* row = lines_.find(address);
    if (row == nullptr) return location;
    location.file = clean_path(dwarf_linesrc(row, nullptr, nullptr));
    int line = 0;
    if (dwarf_lineno(row, &line) == 0 && line > 0) location.line = static_cast<uint32_t>(line);
    return location;
}

// Keyed by pointer: libdw has one text for each file of a unit's table.
const std::string& DwarfUnit::clean_path(const char* path) {
    auto [at, added] = paths_.try_emplace(path);
    if (added && path != nullptr) {
        // A relative compilation directory leads nowhere and would only double what is there.
        std::filesystem::path whole(path);
        if (directory_.is_absolute()) whole = directory_ / whole;
        at->second = whole.lexically_normal().string();
    }
    return at->second;
}

}  // namespace heapdrift::symbolize
