#include "analyzer/symbolize/scope_names.h"

#include <dwarf.h>

#include <algorithm>
#include <functional>

namespace heapdrift::symbolize {
namespace {

// A corrupted file must not exhaust our stack.
constexpr unsigned kMaxDepth = 200;

const char* name_or(Dwarf_Die& die, const char* otherwise) {
    const char* name = dwarf_diename(&die);
    return name != nullptr ? name : otherwise;
}

// What the DIE adds to the names of the functions in it.
std::string scope_text(Dwarf_Die& die) {
    switch (dwarf_tag(&die)) {
        case DW_TAG_namespace:
            return std::string(name_or(die, "(anonymous namespace)")) + "::";
        case DW_TAG_class_type:
        case DW_TAG_structure_type:
        case DW_TAG_union_type:
            return std::string(name_or(die, "{unnamed type}")) + "::";
        case DW_TAG_subprogram: {
            const char* name = dwarf_diename(&die);
            return name != nullptr ? std::string(name) + "::" : "";
        }
        default:
            return "";
    }
}

}  // namespace

std::string ScopeNames::of(Dwarf_Die declaration) {
    Dwarf_Die unit;
    if (dwarf_diecu(&declaration, &unit, nullptr, nullptr) == nullptr) return "";
    if (unit.addr != unit_) {
        unit_ = unit.addr;
        scopes_.assign(1, "");
        functions_.clear();
        list(unit, 0, 0);
    }
    auto found = std::lower_bound(
        functions_.begin(), functions_.end(), declaration.addr,
        [](const Function& function, const void* die) { return std::less<>()(function.die, die); });
    if (found == functions_.end() || found->die != declaration.addr) return "";
    return scopes_[found->scope];
}

void ScopeNames::list(Dwarf_Die parent, size_t scope, unsigned depth) {
    Dwarf_Die child;
    if (depth > kMaxDepth || dwarf_child(&parent, &child) != 0) return;
    do {
        if (dwarf_tag(&child) == DW_TAG_subprogram) functions_.push_back({child.addr, scope});
        if (dwarf_haschildren(&child) != 1) continue;
        std::string text = scope_text(child);
        size_t inner = scope;
        if (!text.empty()) {
            inner = scopes_.size();
            scopes_.push_back(scopes_[scope] + text);
        }
        list(child, inner, depth + 1);
    } while (dwarf_siblingof(&child, &child) == 0);
}

}  // namespace heapdrift::symbolize
