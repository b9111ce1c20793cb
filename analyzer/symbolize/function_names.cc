#include "analyzer/symbolize/function_names.h"

#include <dwarf.h>

#include "analyzer/symbolize/demangle.h"

namespace heapdrift::symbolize {
namespace {

// Chains longer than this are cycles of a corrupted file.
constexpr int kMaxReferences = 16;

bool follow(Dwarf_Die& die, unsigned attribute_name) {
    Dwarf_Attribute attribute;
    Dwarf_Die target;
    if (dwarf_attr(&die, attribute_name, &attribute) == nullptr ||
        dwarf_formref_die(&attribute, &target) == nullptr) {
        return false;
    }
    die = target;
    return true;
}

const char* text_of(Dwarf_Die& die, unsigned attribute_name) {
    Dwarf_Attribute attribute;
    return dwarf_formstring(dwarf_attr_integrate(&die, attribute_name, &attribute));
}

bool has_scoped_names(Dwarf_Die& die) {
    Dwarf_Die unit;
    if (dwarf_diecu(&die, &unit, nullptr, nullptr) == nullptr) return false;
    switch (dwarf_srclang(&unit)) {
        case DW_LANG_C_plus_plus:
        case DW_LANG_C_plus_plus_03:
        case DW_LANG_C_plus_plus_11:
        case DW_LANG_C_plus_plus_14:
        case DW_LANG_Rust:
            return true;
        default:
            return false;
    }
}

FunctionName name_of(Dwarf_Die die, ScopeNames& scopes) {
    for (unsigned attribute : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name}) {
        if (const char* linker_name = text_of(die, attribute)) {
            return {demangle(linker_name), true};
        }
    }
    const char* plain = text_of(die, DW_AT_name);
    if (plain == nullptr) return {};
    if (!has_scoped_names(die)) return {plain, false};
    for (int i = 0; i < kMaxReferences; ++i) {
        if (!follow(die, DW_AT_abstract_origin) && !follow(die, DW_AT_specification)) break;
    }
    return {scopes.of(die) + plain, false};
}

}  // namespace

const FunctionName& FunctionNames::of(Dwarf_Die die) {
    // Every inlined copy of a function has the same origin.
    follow(die, DW_AT_abstract_origin);
    auto [at, added] = names_.try_emplace(die.addr);
    if (added) at->second = name_of(die, scopes_);
    return at->second;
}

}  // namespace heapdrift::symbolize
