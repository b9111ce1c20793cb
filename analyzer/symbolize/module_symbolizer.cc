#include "analyzer/symbolize/module_symbolizer.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "analyzer/symbolize/debug_session.h"
#include "analyzer/symbolize/demangle.h"
#include "analyzer/symbolize/dwarf_unit.h"
#include "analyzer/symbolize/dwarf_units.h"
#include "analyzer/symbolize/elf_symbols.h"
#include "analyzer/symbolize/module_file.h"

namespace heapdrift::symbolize {
namespace {

// libdw keeps each line table that it has decoded, at about this much for a row; beyond the limit
// everything is given back, so that thousands of units do not add up to gigabytes.
constexpr size_t kLineRowBytes = 40;
constexpr size_t kMaxLineBytes = size_t{128} << 20;

struct UnitGroup {
    Dwarf_Off unit;
    std::vector<UnitLookup> lookups;
    std::vector<size_t> places;  // of each lookup among the module's addresses
};

std::vector<UnitGroup> group_by_unit(const DebugSession& session,
                                     std::span<const uint64_t> addresses) {
    DwarfUnits units(session.dwarf(), session.code());
    std::vector<std::pair<Dwarf_Off, size_t>> found;
    for (size_t i = 0; i < addresses.size(); ++i) {
        if (auto unit = units.find(session.dwarf(), addresses[i])) found.emplace_back(*unit, i);
    }
    std::sort(found.begin(), found.end());
    std::vector<UnitGroup> groups;
    for (const auto& [unit, place] : found) {
        if (groups.empty() || groups.back().unit != unit) groups.push_back({unit, {}, {}});
        groups.back().lookups.push_back({addresses[place], {}, false});
        groups.back().places.push_back(place);
    }
    return groups;
}

// Names by symbol table, computed once for neighbours in the same function.
class SymbolNames {
public:
    explicit SymbolNames(Dwfl_Module* module) : symbols_(module) {}

    const std::string& name_at(uint64_t address) {
        const char* linker_name = symbols_.find(address);
        if (linker_name != last_) {
            last_ = linker_name;
            demangled_ = linker_name == nullptr ? "" : demangle(linker_name);
        }
        return demangled_;
    }
    bool is_mangled() const {
        return last_ != nullptr &&
               (std::strncmp(last_, "_Z", 2) == 0 || std::strncmp(last_, "_R", 2) == 0);
    }

private:
    ElfSymbols symbols_;
    const char* last_ = nullptr;
    std::string demangled_;
};

class ModuleSymbolizer {
public:
    ModuleSymbolizer(DebugSession session, std::span<const uint64_t> addresses,
                     const std::function<void(size_t)>& advance)
        : session_(std::move(session)),
          addresses_(addresses),
          advance_(advance),
          locations_(addresses.size()),
          complete_(addresses.size(), false) {}

    std::vector<model::Locations> run() {
        if (session_.dwarf() != nullptr) use_dwarf();
        if (session_.module() != nullptr) use_symbols();
        return std::move(locations_);
    }

private:
    void use_dwarf() {
        FunctionNames names;
        size_t line_bytes = 0;
        for (UnitGroup& group : group_by_unit(session_, addresses_)) {
            if (line_bytes > kMaxLineBytes) {
                names = FunctionNames();
                line_bytes = 0;
                if (!session_.reopen() || session_.dwarf() == nullptr) return;
            }
            Dwarf_Die die;
            if (dwarf_offdie(session_.dwarf(), group.unit, &die) == nullptr) continue;
            DwarfUnit unit(die, names);
            unit.symbolize(group.lookups);
            line_bytes += unit.line_rows() * kLineRowBytes;
            for (size_t i = 0; i < group.places.size(); ++i) {
                locations_[group.places[i]] = std::move(group.lookups[i].locations);
                complete_[group.places[i]] = group.lookups[i].complete_name;
            }
            advance_(group.places.size());
        }
    }

    // Where DWARF knows no function, and where it knows one by its bare name only: compilers
    // leave out the linker's name of a C++ function with internal linkage.
    void use_symbols() {
        std::optional<SymbolNames> symbols;
        for (size_t i = 0; i < addresses_.size(); ++i) {
            model::Locations& locations = locations_[i];
            if (complete_[i]) continue;
            if (!symbols) symbols.emplace(session_.module());
            const std::string& name = symbols->name_at(addresses_[i]);
            if (name.empty()) continue;
            if (locations.empty()) locations.emplace_back();
            if (locations.back().function.empty() || symbols->is_mangled()) {
                locations.back().function = name;
            }
        }
    }

    DebugSession session_;
    std::span<const uint64_t> addresses_;
    const std::function<void(size_t)>& advance_;
    std::vector<model::Locations> locations_;
    std::vector<bool> complete_;
};

}  // namespace

std::vector<model::Locations> symbolize_module(const model::Module& module,
                                               std::span<const uint64_t> addresses,
                                               const std::vector<std::string>& debug_roots,
                                               const std::function<void(size_t)>& advance) {
    std::optional<ModuleFile> file = open_module_file(module, debug_roots);
    if (!file) return std::vector<model::Locations>(addresses.size());
    std::optional<DebugSession> session = DebugSession::open(std::move(*file), debug_roots);
    if (!session) return std::vector<model::Locations>(addresses.size());
    return ModuleSymbolizer(std::move(*session), addresses, advance).run();
}

}  // namespace heapdrift::symbolize
