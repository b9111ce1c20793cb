// All modules of the process, those of other namespaces (dlmopen) as well, and what the loader has
// bound in them.
#pragma once

#include <elf.h>
#include <link.h>

#include <cstdint>

namespace heapdrift {

// visit(module, context) on each, while the loader adds none and takes none away. No call into the
// loader from there. `adds`: how often the process has loaded modules; where it is what it was,
// nothing is visited.
void visit_modules(void (*visit)(const link_map& module, void* context), void* context,
                   unsigned long long* adds = nullptr);

template <typename Visit>
void for_each_module(Visit visit, unsigned long long* adds = nullptr) {
    visit_modules(
        [](const link_map& module, void* context) { (*static_cast<Visit*>(context))(module); },
        &visit, adds);
}

// A place in a module that holds the address of a function which the module does not define.
struct Binding {
    const char* name;
    void** place;
    bool for_calls;  // alone: the module does not compare the address
    bool weak;       // the module does without the function
};

class ModuleBindings {
public:
    explicit ModuleBindings(const link_map& module);

    // visit(binding) on each whose name begins with `letters`.
    template <typename Visit>
    void for_each(const char (&letters)[3], Visit visit) const {
        look_at(jumps_, jumps_ + jump_bytes_ / sizeof(Elf64_Rela), letters, visit);
        look_at(others_ + relative_count_, others_ + other_bytes_ / sizeof(Elf64_Rela), letters,
                visit);
    }

    // False for what the loader has not resolved yet, because nobody has called it.
    bool resolved(const Binding& binding) const;

private:
    template <typename Visit>
    void look_at(const Elf64_Rela* from, const Elf64_Rela* to, const char (&letters)[3],
                 Visit& visit) const {
        if (symbols_ == nullptr || strings_ == nullptr) return;
        for (const Elf64_Rela* each = from; each < to; ++each) {
            const uint64_t kind = ELF64_R_TYPE(each->r_info);
            if (kind != R_X86_64_JUMP_SLOT && kind != R_X86_64_GLOB_DAT && kind != R_X86_64_64)
                continue;
            const Elf64_Sym& symbol = symbols_[ELF64_R_SYM(each->r_info)];
            const char* name = strings_ + symbol.st_name;
            if (name[0] != letters[0] || name[1] != letters[1]) continue;
            if (symbol.st_shndx != SHN_UNDEF || each->r_addend != 0) continue;
            visit(Binding{name, reinterpret_cast<void**>(module_.l_addr + each->r_offset),
                          kind == R_X86_64_JUMP_SLOT, ELF64_ST_BIND(symbol.st_info) == STB_WEAK});
        }
    }

    const link_map& module_;
    const Elf64_Sym* symbols_ = nullptr;
    const char* strings_ = nullptr;
    const Elf64_Rela* jumps_ = nullptr;
    const Elf64_Rela* others_ = nullptr;
    uint64_t jump_bytes_ = 0;
    uint64_t other_bytes_ = 0;
    uint64_t relative_count_ = 0;
};

// Writes to such a place, also where the loader has made the page read-only; that it stays. False
// where that was not allowed.
bool bind(const link_map& module, const Binding& binding, void* function);

}  // namespace heapdrift
